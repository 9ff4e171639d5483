import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeOut } from '../terminal/output.ts';
import { writeFile } from './save.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: '[OPTIONS] VOLUME',
  args: exactly(1),
  description: "Export a volume's files as a tar archive (streamed to STDOUT by default)",
  flags: [{ name: 'output', short: 'o', type: 'string', usage: 'Write to a file, instead of STDOUT' }],
  async run({ args: [name = ''], flags, client }) {
    const path = flags.string('output');
    if (path === '' && isTerminal(1))
      throw new ExitError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    const { body } = await client.request('GET', volumePath(name, '/export'));
    if (path === '') for await (const chunk of body) writeOut(chunk);
    else await writeFile(path, body);
    return exitCode.success;
  },
};
