import { atLeast, type Command } from '../command.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  args: atLeast(1),
  flags: [{ name: 'force', short: 'f', type: 'bool', usage: 'Force the removal of one or more volumes' }],
  run: ({ args, flags, client }) =>
    forEach(
      args,
      async (name) => {
        await client.call('DELETE', `/volumes/${name}`, { query: { force: flags.bool('force') } });
        return name;
      },
      1,
    ),
};
