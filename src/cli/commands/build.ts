import { buildArgs } from '../build/body.ts';
import { buildFlags } from '../build/flags.ts';
import { runBuild } from '../build/run.ts';
import { sourceOf } from '../build/source.ts';
import { type Command, exactly, type Invocation } from '../command.ts';
import { ExitError } from '../exit.ts';
import { describeEndpoint } from '../http/endpoint.ts';

export const command: Command = {
  usage: '[OPTIONS] PATH | URL | -',
  args: exactly(1),
  flags: buildFlags,
  async run(invocation) {
    const { flags } = invocation;
    const call = flags.bool('check') ? 'check' : flags.string('call');
    if (call === 'build') return runBuild(invocation);
    if (call === 'check') return check(invocation);
    throw new ExitError(`--call=${call} is not part of this version yet: there are build and check`);
  },
};

async function check({ flags, args, client, config }: Invocation): Promise<number> {
  const { runCheck } = await import('../build/check.ts');
  return runCheck(await sourceOf(args[0] ?? '', flags.string('file')), {
    args: buildArgs(flags.list('build-arg'), await config(), describeEndpoint(client.endpoint)),
    target: flags.string('target'),
    platform: flags.list('platform')[0] ?? '',
  });
}
