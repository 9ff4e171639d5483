import { atLeast, type Command } from '../command.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: 'CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [],
  run: ({ args, client }) =>
    forEach(args, async (name) => {
      await client.call('POST', `/containers/${name}/unpause`);
      return name;
    }),
};
