import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { ContentStore } from '../content/content.ts';
import { invalid, notFound } from '../lib/errors.ts';
import { type Digest, parseDigest, shortId } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import { chainIds } from './chain.ts';
import { decompress, detectCompression } from './compression.ts';
import type { ImageRecords } from './records.ts';
import { Slots } from './slots.ts';
import { untar } from './untar.ts';

/** Layers at once over all images: each needs a core for decompression and one for the file system. */
const slots = new Slots(Math.max(2, Math.min(4, availableParallelism())));

export interface Unpacker {
  content: ContentStore;
  snapshotter: Snapshotter;
  records: ImageRecords;
}

export interface LayerSource {
  digest: Digest;
  diffId: Digest;
}

/**
 * Makes the snapshots of an image's layers, all at once: layers of an overlay do not depend on each other. Returns the
 * ChainIDs. Layers that are here already are not unpacked again. Every layer is verified against its DiffID.
 */
export async function unpackLayers(
  unpacker: Unpacker,
  layers: readonly LayerSource[],
  op: Operational,
): Promise<string[]> {
  const chain = chainIds(layers.map((layer) => layer.diffId));
  const work = layers.map((layer, index) => {
    const chainId = chain[index] ?? '';
    return unpacker.snapshotter.unpack(chainId, chain[index - 1] ?? null, (directory) =>
      slots.run(() => unpackLayer(unpacker, layer, index, chainId, directory, op)),
    );
  });
  // None may still be writing when the caller cleans up.
  const outcomes = await Promise.allSettled(work);
  const errors = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason);
  // A layer that fails takes those above it along; its own error is the one that explains.
  if (errors.length > 0) throw errors[0];
  return chain;
}

/** Fills `directory` with one layer, number `index` of its image. For Snapshotter.unpack and restore. */
export async function unpackLayer(
  { content, snapshotter, records }: Unpacker,
  layer: LayerSource,
  index: number,
  chainId: string,
  directory: string,
  op: Operational,
) {
  op.signal.throwIfAborted();
  const total = content.size(layer.digest);
  if (total === null) throw notFound(`layer ${layer.digest} is missing`);
  const progress = (current: number) =>
    op.progress({ kind: 'status', id: shortId(layer.diffId), status: 'Loading layer', current, total });
  progress(0);
  const verifyDiffId = (actual: string) => {
    if (actual !== layer.diffId)
      throw invalid(`invalid diffID for layer ${index}: expected "${layer.diffId}", got "${actual}"`);
  };
  const options = { whiteouts: snapshotter.whiteouts, signal: op.signal } as const;
  const compression = detectCompression(await content.head(layer.digest, 8));
  let result: Awaited<ReturnType<typeof untar>>;
  if (compression === 'none') {
    // The store has verified the digest, and of plain bytes that is the DiffID. The process reads the file itself.
    verifyDiffId(layer.digest);
    const isFile = content.isFile(layer.digest);
    const source = isFile ? Bun.file(content.path(layer.digest)) : content.stream(layer.digest);
    result = await untar(source, directory, options);
  } else {
    const hash = createHash('sha256');
    const compressed = counted(content.stream(layer.digest), progress);
    result = await untar(hashed(decompress(compressed), hash), directory, options);
    verifyDiffId(parseDigest(`sha256:${hash.digest('hex')}`));
  }
  progress(total);
  records.noteLayer(chainId, result.bytes);
  return { implied: result.implied };
}

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Bytes between two reports of progress. */
const progressStep = 4 << 20;

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  progress: (current: number) => void,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  let reported = 0;
  for await (const chunk of chunks) {
    current += chunk.byteLength;
    if (current - reported >= progressStep) {
      progress(current);
      reported = current;
    }
    yield chunk;
  }
}
