import { statSync } from 'node:fs';
import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { checkFolder, refuseTerminal, writeTo } from '../stream/output-file.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  args: exactly(1),
  flags: [{ name: 'output', short: 'o', type: 'string', usage: 'Write to a file, instead of STDOUT' }],
  async run({ args: [container = ''], flags, client }) {
    const path = flags.string('output');
    refuseTerminal(path);
    if (path !== '') checkOutput(path);
    const { body } = await client.request('GET', `/containers/${container}/export`);
    await writeTo(path, body);
    return exitCode.success;
  },
};

/** Before anything is asked for. */
function checkOutput(path: string): void {
  const failed = 'failed to export container';
  const refuse = (why: string) => new ExitError(`${failed}: ${why}`);
  checkFolder(path, failed);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) throw refuse('cannot write to a directory');
  if (status?.isCharacterDevice()) throw refuse('cannot write to a character device file');
  if (status !== undefined && !status.isFile()) throw refuse('cannot write to a special file');
}
