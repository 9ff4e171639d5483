import { atLeast, type Command } from '../command.ts';
import { ApiError } from '../http/client.ts';
import { forEach } from './each.ts';
import { networkPath } from './network-path.ts';

export const command: Command = {
  usage: 'NETWORK [NETWORK...]',
  args: atLeast(1),
  flags: [{ name: 'force', short: 'f', type: 'bool', usage: 'Do not error if the network does not exist' }],
  run: ({ args, flags, client }) =>
    forEach(
      args,
      async (name) => {
        try {
          await client.call('DELETE', networkPath(name));
        } catch (error) {
          if (flags.bool('force') && error instanceof ApiError && error.status === 404) return null;
          throw error;
        }
        return name;
      },
      1,
    ),
};
