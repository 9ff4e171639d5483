import type { Volume } from '../../api/types/volumes.ts';
import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';
import { writeLine } from '../terminal/output.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: 'SOURCE TARGET',
  args: exactly(2),
  description:
    'Copy a volume\n\nThe target is made with the labels and the size of the source; it may also be there already, and empty.',
  flags: [],
  async run({ args: [source = '', target = ''], client }) {
    const volume = await client.json<Volume>('POST', volumePath(source, '/copy'), {
      body: { json: { Target: target } },
    });
    writeLine(volume.Name);
    return exitCode.success;
  },
};
