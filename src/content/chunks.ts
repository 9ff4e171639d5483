import { open } from 'node:fs/promises';

const size = 1 << 20;

/** A file's bytes from `offset` on, as slowly as they are taken: Bun.file(…).stream() reads ahead without bound. */
export async function* fileChunks(path: string, offset = 0): AsyncGenerator<Uint8Array> {
  await using file = await open(path, 'r');
  for (let at = offset; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(size), 0, size, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Everything but the first `count` bytes. */
export async function* skip(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    const skipped = Math.min(left, chunk.byteLength);
    left -= skipped;
    if (skipped < chunk.byteLength) yield chunk.subarray(skipped);
  }
}
