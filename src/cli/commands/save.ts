import { statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { atLeast, type Command } from '../command.ts';
import { reasonOf } from '../create/files.ts';
import { ExitError, exitCode } from '../exit.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: atLeast(1),
  flags: [
    { name: 'output', short: 'o', type: 'string', usage: 'Write to a file, instead of STDOUT' },
    {
      name: 'platform',
      type: 'string',
      usage: 'Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
  ],
  async run({ args, flags, client }) {
    const path = flags.string('output');
    if (path === '' && isTerminal(1))
      throw new ExitError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    if (path !== '') checkFolder(path);
    const { body } = await client.request('GET', '/images/get', {
      query: { names: args, platform: flags.list('platform') },
    });
    if (path === '') for await (const chunk of body) writeOut(chunk);
    else await writeFile(path, body);
    return exitCode.success;
  },
};

/** Before anything is asked for. */
function checkFolder(path: string): void {
  const folder = dirname(path);
  try {
    statSync(folder);
  } catch (error) {
    throw new ExitError(`failed to save image: invalid output path: stat ${folder}: ${reasonOf(error)}`);
  }
}

/** The file appears under its name only when it is complete. */
export async function writeFile(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const { rename, unlink } = await import('node:fs/promises');
  const partial = `${dirname(path)}/.docker_temp_${process.pid}`;
  // Only for its owner: it may hold secrets.
  writeFileSync(partial, '', { mode: 0o600 });
  const writer = Bun.file(partial).writer();
  try {
    for await (const chunk of body) {
      writer.write(chunk);
      await writer.flush();
    }
    await writer.end();
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw new ExitError(`open ${path}: ${reasonOf(error)}`);
  }
}
