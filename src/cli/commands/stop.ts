import { atLeast, type Command } from '../command.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [
    { name: 'signal', short: 's', type: 'string', usage: 'Signal to send to the container' },
    { name: 'timeout', short: 't', type: 'int', usage: 'Seconds to wait before killing the container' },
  ],
  run: ({ args, flags, client }) =>
    forEach(args, async (name) => {
      const t = flags.changed('timeout') || flags.changed('time') ? flags.integer('timeout') : undefined;
      await client.call('POST', `/containers/${name}/stop`, { query: { signal: flags.string('signal'), t } });
      return name;
    }),
};
