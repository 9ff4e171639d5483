/** The plain bytes of an archive that may be compressed. */
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { invalid, messageOf, unsupported } from '../../lib/errors.ts';
import { Peeked } from './peeked.ts';

const chunkSize = 256 << 10;

const magic = {
  gzip: [0x1f, 0x8b],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  bzip2: [0x42, 0x5a, 0x68],
  xz: [0xfd, 0x37, 0x7a, 0x58],
} as const;

/** Told by the first bytes. */
export async function* plain(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const peeked = new Peeked(source);
  const head = await peeked.head(4);
  const found = Object.entries(magic).find(([, bytes]) => bytes.every((byte, at) => head[at] === byte))?.[0];
  if (found === undefined) yield* peeked.rest();
  else if (found === 'gzip') yield* through(peeked.rest(), createGunzip({ chunkSize }));
  else if (found === 'zstd') yield* through(peeked.rest(), createZstdDecompress({ chunkSize }));
  else
    throw unsupported(
      `archives compressed with ${found} cannot be imported: decompress it first (${found} -dc)`,
    );
}

async function* through(
  chunks: AsyncIterable<Uint8Array>,
  codec: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: chunkSize });
  let broken: Error | null = null;
  source.on('error', (error) => {
    broken = error;
    codec.destroy(error);
  });
  source.pipe(codec);
  try {
    for await (const chunk of codec) yield chunk as Uint8Array;
  } catch (error) {
    throw broken ?? invalid(`the archive is damaged: ${messageOf(error)}`, { cause: error });
  } finally {
    source.destroy();
    codec.destroy();
  }
}
