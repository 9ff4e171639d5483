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
