import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';
import { writeLine } from '../terminal/output.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: 'VOLUME SNAPSHOT',
  args: exactly(2),
  description:
    "Put a snapshot's files in place of a volume's\n\nContainers that use the volume must be stopped first. The snapshot stays.",
  flags: [],
  async run({ args: [name = '', snapshot = ''], client }) {
    await client.call('POST', volumePath(name, '/restore'), { body: { json: { Snapshot: snapshot } } });
    writeLine(name);
    return exitCode.success;
  },
};
