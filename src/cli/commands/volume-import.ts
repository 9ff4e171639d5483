import type { Volume } from '../../api/types/volumes.ts';
import { between, type Command } from '../command.ts';
import { exitCode } from '../exit.ts';
import { writeLine } from '../terminal/output.ts';
import { openFile } from './load.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: 'VOLUME [file|-]',
  args: between(1, 2),
  description:
    'Import a tar archive (plain, gzip, zstd, bzip2 or xz) into a volume\n\nThe volume is made; it may also be there already, and empty.',
  flags: [],
  async run({ args: [name = '', source = '-'], client }) {
    const stream = source === '-' ? Bun.stdin.stream() : await openFile(source);
    const volume = await client.json<Volume>('POST', volumePath(name, '/import'), {
      body: { stream, type: 'application/x-tar' },
    });
    writeLine(volume.Name);
    return exitCode.success;
  },
};
