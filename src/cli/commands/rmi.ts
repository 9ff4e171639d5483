import type { ImageDeleteItem } from '../../api/types/images.ts';
import { messageOf } from '../../lib/errors.ts';
import { atLeast, type Command } from '../command.ts';
import { exitCode } from '../exit.ts';
import { ApiError } from '../http/client.ts';
import { writeErr, writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: atLeast(1),
  flags: [
    { name: 'force', short: 'f', type: 'bool', usage: 'Force removal of the image' },
    { name: 'no-prune', type: 'bool', usage: 'Do not delete untagged parents' },
    {
      name: 'platform',
      type: 'strings',
      usage:
        'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
  ],
  async run({ args, flags, client }) {
    const query = { force: flags.bool('force'), noprune: flags.bool('no-prune') };
    let code: number = exitCode.success;
    for (const name of args) {
      try {
        for (const line of await remove(name)) writeLine(line);
      } catch (error) {
        writeErr(`${messageOf(error)}\n`);
        const missing = error instanceof ApiError && error.status === 404;
        if (!missing || !flags.bool('force')) code = exitCode.failure;
      }
    }
    return code;

    async function remove(name: string): Promise<string[]> {
      const items = await client.json<ImageDeleteItem[]>('DELETE', `/images/${name}`, { query });
      return items.map((item) =>
        item.Deleted ? `Deleted: ${item.Deleted}` : `Untagged: ${item.Untagged ?? ''}`,
      );
    }
  },
};
