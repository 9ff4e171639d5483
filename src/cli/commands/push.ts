import { canonicalName, repository } from '../../lib/reference.ts';
import { type Command, exactly } from '../command.ts';
import { registryAuth } from '../credentials/header.ts';
import { ExitError, exitCode } from '../exit.ts';
import { contentTrustFlag } from '../flags/common.ts';
import { platformJson } from '../flags/platform.ts';
import { note } from '../format/note.ts';
import { showProgress } from '../stream/progress.ts';
import { writeLine, writeOut } from '../terminal/output.ts';
import { namedOrAll } from './pull.ts';

const platformNote = `Using --platform pushes only the specified platform manifest of a multi-platform image index.
Other components, like attestations, will not be included.
To push the complete multi-platform image, remove the --platform flag.
`;

export const command: Command = {
  usage: '[OPTIONS] NAME[:TAG]',
  args: exactly(1),
  flags: [
    { name: 'all-tags', short: 'a', type: 'bool', usage: 'Push all tags of an image to the repository' },
    contentTrustFlag,
    {
      name: 'platform',
      type: 'string',
      usage:
        "Push a platform-specific manifest as a single-platform image to the registry.\nImage index won't be pushed, meaning that other manifests, including attestations won't be preserved.\n'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
    },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Suppress verbose output' },
  ],
  async run({ args, flags, client, configDirectory }) {
    const quiet = flags.bool('quiet');
    const platform = flags.string('platform');
    if (platform !== '') writeOut(note(platformNote));
    const name = namedOrAll(args[0] ?? '', flags.bool('all-tags'), quiet);
    if (name.digest !== null) throw new ExitError('cannot push a digest reference');
    const response = await client.request('POST', `/images/${repository(name)}/push`, {
      query: { tag: name.tag ?? undefined, platform: platformJson(platform) },
      headers: await registryAuth(configDirectory, name.domain),
    });
    await showProgress(response.body, { fd: 1, quiet });
    if (quiet) writeLine(canonicalName(name));
    return exitCode.success;
  },
};
