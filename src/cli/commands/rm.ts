import { atLeast, type Command } from '../command.ts';
import { ApiError } from '../http/client.ts';
import { writeErr } from '../terminal/output.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [
    {
      name: 'force',
      short: 'f',
      type: 'bool',
      usage: 'Force the removal of a running container (uses SIGKILL)',
    },
    { name: 'link', short: 'l', type: 'bool', usage: 'Remove the specified link' },
    {
      name: 'volumes',
      short: 'v',
      type: 'bool',
      usage: 'Remove anonymous volumes associated with the container',
    },
  ],
  run: ({ args, flags, client }) =>
    forEach(args, async (name) => {
      const query = { v: flags.bool('volumes'), link: flags.bool('link'), force: flags.bool('force') };
      try {
        await client.call('DELETE', `/containers/${name.replace(/^\/+/, '') || name}`, { query });
      } catch (error) {
        // Forced removal of what does not exist is reported, but has reached its aim.
        if (!(flags.bool('force') && error instanceof ApiError && error.status === 404)) throw error;
        writeErr(`${error.message}\n`);
        return null;
      }
      return name;
    }),
};
