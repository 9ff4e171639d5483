/** A tar into a volume's empty directory: by a process that is shut into it (native/untar.h). */

import { decompress } from '../../archive/compression.ts';
import { feed } from '../../archive/feed.ts';
import { Peeked } from '../../archive/peeked.ts';
import { invalid } from '../../lib/errors.ts';
import { freeReserve } from '../../lib/free-space.ts';
import { sourceFailed, untarError } from '../../linux/archive-program.ts';
import { nativePath, workerOptions } from '../../linux/native.ts';
import { applyRoot, peekRoot } from './root-member.ts';

/** `archive` may be compressed. Reads it to its end. */
export async function unpack(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const bytes = new Peeked(decompress(archive));
  const root = await peekRoot(bytes);
  if ((await bytes.head(1)).length === 0) throw invalid('invalid archive: it is empty');
  await untar(bytes.rest(), directory, signal);
  if (root !== null) applyRoot(directory, root);
}

async function untar(
  bytes: AsyncIterable<Uint8Array>,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const options = ['--whiteouts', 'none', '--keep-free', String(freeReserve(directory))];
  const command = [nativePath(), 'untar', directory, ...options];
  const child = Bun.spawn(command, { ...workerOptions, stdout: 'ignore', stdin: 'pipe', signal });
  const [broken, message, code] = await Promise.all([
    feed(child.stdin, bytes, 'read').then(() => undefined, sourceFailed),
    child.stderr.text(),
    child.exited,
  ]);
  signal.throwIfAborted();
  // A broken source looks to the child like an archive that ends too early: the source's own error says more.
  if (broken !== undefined) throw broken;
  if (code !== 0) throw untarError(message);
}
