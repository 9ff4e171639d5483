import { atLeast, type Command } from '../command.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [{ name: 'signal', short: 's', type: 'string', usage: 'Signal to send to the container' }],
  run: ({ args, flags, client }) =>
    forEach(args, async (name) => {
      await client.call('POST', `/containers/${name}/kill`, {
        query: { signal: flags.string('signal') || 'KILL' },
      });
      return name;
    }),
};
