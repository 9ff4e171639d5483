import type { Volume } from '../../api/types/volumes.ts';
import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';
import { writeLine } from '../terminal/output.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: 'VOLUME NEW_NAME',
  args: exactly(2),
  description:
    'Rename a volume\n\nStopped containers that use it follow; running ones must be stopped first.',
  flags: [],
  async run({ args: [name = '', to = ''], client }) {
    const volume = await client.json<Volume>('POST', volumePath(name, '/rename'), {
      body: { json: { Name: to } },
    });
    writeLine(volume.Name);
    return exitCode.success;
  },
};
