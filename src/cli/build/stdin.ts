/** `docker build -`: a tar, compressed or not, or a Dockerfile. */
import { isTarHeader } from '../../lib/tar-header.ts';

export type Input = { kind: 'archive'; bytes: AsyncIterable<Uint8Array> } | { kind: 'text'; text: string };

const blockSize = 512;

/** gzip, bzip2, xz and zstd. */
const compressed = ['1f8b', '425a68', 'fd377a585a00', '28b52ffd'];

export async function splitInput(stream: AsyncIterable<Uint8Array>): Promise<Input> {
  const iterator = stream[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < blockSize) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  }
  if (isArchive(head)) return { kind: 'archive', bytes: bytes() };
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes()) chunks.push(chunk);
  return { kind: 'text', text: Buffer.concat(chunks).toString() };
}

/** An empty archive begins with a block of zeros. */
function isArchive(head: Buffer): boolean {
  const start = head.toString('hex', 0, 6);
  if (compressed.some((magic) => start.startsWith(magic))) return true;
  if (head.length < blockSize) return false;
  return isTarHeader(head) || head.every((byte) => byte === 0);
}
