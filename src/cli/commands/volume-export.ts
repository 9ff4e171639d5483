import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';
import { refuseTerminal, writeTo } from '../stream/output-file.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: '[OPTIONS] VOLUME',
  args: exactly(1),
  description: "Export a volume's files as a tar archive (streamed to STDOUT by default)",
  flags: [{ name: 'output', short: 'o', type: 'string', usage: 'Write to a file, instead of STDOUT' }],
  async run({ args: [name = ''], flags, client }) {
    const path = flags.string('output');
    refuseTerminal(path);
    const { body } = await client.request('GET', volumePath(name, '/export'));
    await writeTo(path, body);
    return exitCode.success;
  },
};
