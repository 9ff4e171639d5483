import { atLeast, type Command } from '../command.ts';
import { shortTemplateFlag } from '../flags/common.ts';
import { inspectAll } from '../format/inspect.ts';
import { networkPath } from './network-path.ts';

export const command: Command = {
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  args: atLeast(1),
  flags: [
    shortTemplateFlag,
    { name: 'verbose', short: 'v', type: 'bool', usage: 'Verbose output for diagnostics' },
  ],
  run: ({ args, flags, client }) =>
    inspectAll(args, flags.string('format'), (name) =>
      client.text('GET', networkPath(name), { query: { verbose: flags.bool('verbose') ? 'true' : '' } }),
    ),
};
