import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Command, exactly } from '../command.ts';
import { reasonOf } from '../create/files.ts';
import { ExitError, exitCode } from '../exit.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeOut } from '../terminal/output.ts';
import { writeFile } from './save.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  args: exactly(1),
  flags: [{ name: 'output', short: 'o', type: 'string', usage: 'Write to a file, instead of STDOUT' }],
  async run({ args: [container = ''], flags, client }) {
    const path = flags.string('output');
    if (path === '' && isTerminal(1))
      throw new ExitError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    if (path !== '') checkOutput(path);
    const { body } = await client.request('GET', `/containers/${container}/export`);
    if (path === '') for await (const chunk of body) writeOut(chunk);
    else await writeFile(path, body);
    return exitCode.success;
  },
};

/** Before anything is asked for. */
function checkOutput(path: string): void {
  const refuse = (why: string) => new ExitError(`failed to export container: ${why}`);
  const folder = dirname(path);
  try {
    statSync(folder);
  } catch (error) {
    throw refuse(`invalid output path: stat ${folder}: ${reasonOf(error)}`);
  }
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) throw refuse('cannot write to a directory');
  if (status?.isCharacterDevice()) throw refuse('cannot write to a character device file');
  if (status !== undefined && !status.isFile()) throw refuse('cannot write to a special file');
}
