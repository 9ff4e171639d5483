import { canonicalName, parseReference, withTag } from '../../lib/reference.ts';
import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { contentTrustFlag } from '../flags/common.ts';
import { pullImage } from '../stream/pull.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  args: exactly(1),
  flags: [
    {
      name: 'all-tags',
      short: 'a',
      type: 'bool',
      usage: 'Download all tagged images in the repository',
    },
    contentTrustFlag,
    { name: 'platform', type: 'string', usage: 'Set platform if server is multi-platform capable' },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Suppress verbose output' },
  ],
  async run(invocation) {
    const { args, flags } = invocation;
    const quiet = flags.bool('quiet');
    const name = namedOrAll(args[0] ?? '', flags.bool('all-tags'), quiet);
    const platform = flags.string('platform') || (process.env.DOCKER_DEFAULT_PLATFORM ?? '');
    await pullImage(invocation, name, platform, { fd: 1, quiet });
    writeLine(canonicalName(name));
    return exitCode.success;
  },
};

/** Without tag and digest: all tags when asked for, else latest. */
export function namedOrAll(text: string, all: boolean, quiet: boolean) {
  const given = parseReference(text);
  const bare = given.tag === null && given.digest === null;
  if (all && !bare) throw new ExitError("tag can't be used with --all-tags/-a");
  if (all || !bare) return given;
  const name = withTag(given);
  if (!quiet) writeLine(`Using default tag: ${name.tag}`);
  return name;
}
