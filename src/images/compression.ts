import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { invalid, unsupported } from '../lib/errors.ts';
import { ZstdFrames } from './zstd-frames.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

const magic: [Compression, number[]][] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];
const magicLength = 6;
const chunkSize = 256 << 10;

/** Tells by the first bytes, as Docker does; names and media types are not asked. */
export function detectCompression(head: Uint8Array): Compression {
  const found = magic.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte));
  return found?.[0] ?? 'none';
}

/** The plain bytes of `source`, whatever it is compressed with. Memory is bounded: each step waits for the next. */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const peeked = await peek(source);
  const compression = detectCompression(peeked.head);
  yield* decompressAs(compression, peeked.chunks);
}

/** The same for a reader that knows gzip itself. */
export async function decompressButGzip(
  source: AsyncIterable<Uint8Array>,
): Promise<{ compression: 'none' | 'gzip'; chunks: AsyncIterable<Uint8Array> }> {
  const { head, chunks } = await peek(source);
  const compression = detectCompression(head);
  if (compression === 'gzip') return { compression, chunks };
  return { compression: 'none', chunks: decompressAs(compression, chunks) };
}

function decompressAs(
  compression: Compression,
  chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'none':
      return chunks;
    case 'gzip':
      return transform(chunks, createGunzip({ chunkSize }));
    case 'zstd':
      return transform(wholeFrames(chunks), createZstdDecompress({ chunkSize }));
    case 'bzip2':
    case 'xz':
      return external(compression, chunks);
  }
}

async function* wholeFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames();
  for await (const chunk of chunks) {
    frames.push(chunk);
    yield chunk;
  }
  if (!frames.complete) throw invalid('unexpected EOF');
}

async function* transform(
  chunks: AsyncIterable<Uint8Array>,
  codec: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: chunkSize });
  source.on('error', (error) => codec.destroy(error));
  source.pipe(codec);
  try {
    for await (const chunk of codec) yield chunk as Uint8Array;
  } catch (error) {
    throw truncated(error) ? invalid('unexpected EOF', { cause: error }) : error;
  } finally {
    source.destroy();
    codec.destroy();
  }
}

function truncated(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
}

/** Docker calls the xz program as well; its own bzip2 has no equal here. */
async function* external(
  program: 'xz' | 'bzip2',
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const path = Bun.which(program);
  if (path === null)
    throw unsupported(`the archive is compressed with ${program}, and there is no ${program} program`);
  const child = Bun.spawn([path, '-d', '-c', '-q'], {
    env: {},
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  try {
    const fed = feed(child.stdin, chunks);
    fed.catch(() => child.kill());
    yield* child.stdout;
    await fed;
    if ((await child.exited) !== 0) throw invalid(`the archive is damaged: ${program} cannot decompress it`);
  } finally {
    child.kill();
  }
}

/** Writes everything into a child's stdin, no faster than it reads. A child that ends early is not an error here. */
export async function feed(stdin: Bun.FileSink, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      try {
        // Both may answer later, and a promise nobody waits for would end the daemon when the child is killed.
        await stdin.write(chunk);
        await stdin.flush();
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return;
        throw error;
      }
    }
  } finally {
    await Promise.resolve(stdin.end()).catch(() => undefined);
  }
}

/** The first bytes of a stream, and the stream with them still in it. */
async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ head: Uint8Array; chunks: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  while (length < magicLength && !ended) {
    const { value, done } = await iterator.next();
    if (done === true) ended = true;
    else {
      first.push(value);
      length += value.byteLength;
    }
  }
  return { head: Buffer.concat(first).subarray(0, magicLength), chunks: rest(first, iterator) };
}

async function* rest(
  first: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
