import { atLeast, type Command } from '../command.ts';
import { shortTemplateFlag } from '../flags/common.ts';
import { inspectAll } from '../format/inspect.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [shortTemplateFlag, { name: 'size', short: 's', type: 'bool', usage: 'Display total file sizes' }],
  run: ({ args, flags, client }) =>
    inspectAll(args, flags.string('format'), (name) =>
      client.text('GET', `/containers/${name}/json`, { query: { size: flags.bool('size') } }),
    ),
};
