import type { ContainerWait } from '../../api/types/containers.ts';
import { atLeast, type Command } from '../command.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: 'CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [],
  run: ({ args, client }) =>
    forEach(
      args,
      async (name) => {
        const result = await client.json<ContainerWait>('POST', `/containers/${name}/wait`);
        if (result.Error?.Message) throw new Error(result.Error.Message);
        return String(result.StatusCode);
      },
      1,
    ),
};
