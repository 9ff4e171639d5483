import { availableParallelism } from 'node:os';
import { decompressButGzip } from '../archive/compression.ts';
import { detectCompression } from '../archive/detect.ts';
import type { ContentStore } from '../content/content.ts';
import { invalid, notFound } from '../lib/errors.ts';
import { type Digest, shortId } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import { chainIds } from './chain.ts';
import type { ImageRecords } from './records.ts';
import { Slots } from './slots.ts';
import { type UntarOptions, type Untarred, untar } from './untar.ts';

/** Layers at once over all images: each needs a core for decompression and one for the file system. */
const slots = new Slots(Math.max(2, Math.min(4, availableParallelism())));

export interface Unpacker {
  content: ContentStore;
  snapshotter: Snapshotter;
  records: ImageRecords;
}

/** Where a layer's bytes are: in the content store, or on their way into it. */
export type LayerBytes =
  | { kind: 'stored' }
  /** `complete` rejects when the bytes were not the right ones after all. */
  | { kind: 'arriving'; chunks: AsyncIterable<Uint8Array>; complete: Promise<void> };

export interface LayerSource {
  digest: Digest;
  diffId: Digest;
  /** Resolves when the bytes can be read; missing = stored. */
  bytes?: () => Promise<LayerBytes>;
  /** Compressed bytes unpacked so far; missing: told as `Loading layer`. */
  progress?: (current: number) => void;
  /** The layer is committed. */
  unpacked?: () => void;
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
  const work = layers.map(async (layer, index) => {
    const chainId = chain[index] ?? '';
    await unpacker.snapshotter.unpack(chainId, chain[index - 1] ?? null, async (directory) => {
      const bytes: LayerBytes = (await layer.bytes?.()) ?? { kind: 'stored' };
      return slots.run(() => unpackLayer(unpacker, layer, bytes, { index, chainId, directory }, op));
    });
    layer.unpacked?.();
  });
  // None may still be writing when the caller cleans up.
  const outcomes = await Promise.allSettled(work);
  const errors = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason);
  // A layer that fails takes those above it along; its own error is the one that explains.
  if (errors.length > 0) throw errors[0];
  return chain;
}

interface Place {
  index: number;
  chainId: string;
  directory: string;
}

/** Fills a directory with one layer. For Snapshotter.unpack and restore. */
export async function unpackLayer(
  unpacker: Unpacker,
  layer: LayerSource,
  bytes: LayerBytes,
  { index, chainId, directory }: Place,
  op: Operational,
) {
  op.signal.throwIfAborted();
  const { content, snapshotter, records } = unpacker;
  const options = { whiteouts: snapshotter.whiteouts, signal: op.signal } as const;
  const progress = layer.progress ?? loading(content, layer, op);
  const verify = (diffId: string) => {
    if (diffId !== layer.diffId)
      throw invalid(`invalid diffID for layer ${index}: expected "${layer.diffId}", got "${diffId}"`);
  };
  const into = { directory, options, progress, verify };
  const unpacked =
    bytes.kind === 'stored'
      ? await unpackStored(content, layer.digest, into)
      : await unpackChunks(bytes.chunks, bytes.complete, into);
  records.noteLayer(chainId, unpacked.bytes);
  return { implied: unpacked.implied };
}

interface Into {
  directory: string;
  options: UntarOptions;
  progress: (current: number) => void;
  /** Throws when a layer with this DiffID was not asked for. */
  verify: (diffId: string) => void;
}

function loading(content: ContentStore, { digest, diffId }: LayerSource, op: Operational): Into['progress'] {
  const total = content.size(digest) ?? 0;
  return (current) =>
    op.progress({ kind: 'status', id: shortId(diffId), status: 'Loading layer', current, total });
}

/** Plain and gzip files are read by the process itself: nothing of them passes through the daemon. */
async function unpackStored(content: ContentStore, digest: Digest, into: Into): Promise<Untarred> {
  const total = content.size(digest);
  if (total === null) throw notFound(`layer ${digest} is missing`);
  into.progress(0);
  const compression = detectCompression(await content.head(digest, 8));
  // The store has verified the digest, and of plain bytes that is the DiffID.
  if (compression === 'none') into.verify(digest);
  if (!content.isFile(digest) || (compression !== 'none' && compression !== 'gzip'))
    return unpackChunks(content.stream(digest), Promise.resolve(), into);
  const { directory, options, progress, verify } = into;
  const unpacked = await untar(Bun.file(content.path(digest)), directory, {
    ...options,
    compression,
    progress,
  });
  verify(unpacked.digest);
  progress(total);
  return unpacked;
}

/** `complete`: whether these were the right bytes at all; its error says more than a wrong DiffID. */
async function unpackChunks(
  source: AsyncIterable<Uint8Array>,
  complete: Promise<void>,
  { directory, options, progress, verify }: Into,
): Promise<Untarred> {
  const { compression, chunks } = await decompressButGzip(counted(source, progress));
  const unpacked = await untar(chunks, directory, { ...options, compression });
  await complete;
  verify(unpacked.digest);
  return unpacked;
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
