/** Archives that may be compressed. */
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { invalid, unsupported } from '../lib/errors.ts';
import { type Compression, detectCompression, magicLength } from './detect.ts';
import { feed } from './feed.ts';
import { Peeked } from './peeked.ts';
import { ZstdFrames } from './zstd-frames.ts';

const chunkSize = 256 << 10;

/** The plain bytes of `source`, whatever it is compressed with. Memory is bounded: each step waits for the next. */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const peeked = new Peeked(source);
  yield* decompressAs(detectCompression(await peeked.head(magicLength)), peeked.rest());
}

/** The same for a reader that knows gzip itself. */
export async function decompressButGzip(
  source: AsyncIterable<Uint8Array>,
): Promise<{ compression: 'none' | 'gzip'; chunks: AsyncIterable<Uint8Array> }> {
  const peeked = new Peeked(source);
  const compression = detectCompression(await peeked.head(magicLength));
  if (compression === 'gzip') return { compression, chunks: peeked.rest() };
  return { compression: 'none', chunks: decompressAs(compression, peeked.rest()) };
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
