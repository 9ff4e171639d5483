import { atLeast, type Command } from '../command.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: 'IMAGE [IMAGE...]',
  args: atLeast(1),
  flags: [],
  run: ({ args, client }) =>
    forEach(args, async (name) => {
      await client.call('POST', `/gantry/images/${name}/unpin`);
      return name;
    }),
};
