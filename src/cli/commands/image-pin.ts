import { atLeast, type Command } from '../command.ts';
import { forEach } from './each.ts';

export const pinning = (action: 'pin' | 'unpin'): Command => ({
  usage: 'IMAGE [IMAGE...]',
  args: atLeast(1),
  flags: [],
  run: ({ args, client }) =>
    forEach(args, async (name) => {
      await client.call('POST', `/gantry/images/${name}/${action}`);
      return name;
    }),
});

export const command = pinning('pin');
