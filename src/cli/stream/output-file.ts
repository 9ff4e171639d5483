/** `-o FILE` of the commands that hand out an archive: a file, or standard output. */
import { statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeOut } from '../terminal/output.ts';

/** "" = standard output, which may not be a terminal. Before anything is asked for. */
export function refuseTerminal(path: string): void {
  if (path === '' && isTerminal(1))
    throw new ExitError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
}

/** `failed`: what a refusal begins with. */
export function checkFolder(path: string, failed: string): void {
  const folder = dirname(path);
  try {
    statSync(folder);
  } catch (error) {
    throw new ExitError(`${failed}: invalid output path: stat ${folder}: ${reasonOf(error)}`);
  }
}

export async function writeTo(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  if (path === '') for await (const chunk of body) writeOut(chunk);
  else await writeFile(path, body);
}

/** The file appears under its name only when it is complete. */
async function writeFile(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
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
