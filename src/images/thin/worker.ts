import { existsSync } from 'node:fs';
import type { ContentStore } from '../../content/content.ts';
import { messageOf } from '../../lib/errors.ts';
import { type Digest, parseDigest } from '../../lib/ids.ts';
import type { Log } from '../../lib/op.ts';
import type { Snapshotter } from '../../snapshots/snapshotter.ts';
import type { Collector } from '../collector.ts';
import type { ImageRecords } from '../records.ts';
import type { ThinBlobs } from './blobs.ts';
import type { ThinLayer } from './records.ts';

/** From the first sign of work to its beginning, in milliseconds: what is loaded is mostly run at once. */
const delay = 2000;
/** A smaller blob is not worth two processes. */
const smallest = 64 << 10;

export type ThinStep = 'skeleton' | 'verified' | 'recorded' | 'replaced';

export interface ThinWorkerParts {
  content: ContentStore;
  snapshotter: Snapshotter;
  records: ImageRecords;
  collector: Collector;
  thin: ThinBlobs;
  log: Log;
  /** Called when there is no more to do for now. */
  settled?: () => void;
  /** For tests that end the process in between. */
  reached?: (step: ThinStep) => void;
}

interface Candidate {
  digest: Digest;
  /** Snapshots that hold the layer's files. */
  chainIds: string[];
}

/**
 * Replaces plain layer blobs by skeletons, one after the other, when nothing else goes on. Of each it writes the skeleton,
 * rebuilds the blob from it and compares the digest, writes the record, removes the file, in this order: whenever the
 * process dies, the blob is there in one form or in both.
 */
export class ThinWorker {
  readonly #parts: ThinWorkerParts;
  readonly #abort = new AbortController();
  /** Blobs that failed: not again before the next start. */
  readonly #failed = new Set<Digest>();
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ThinWorkerParts) {
    this.#parts = parts;
  }

  /** Images may have changed: looks for work soon. */
  wake(): void {
    if (this.#timer !== null || this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.run();
    }, delay);
    this.#timer.unref();
  }

  /** Looks for work now. Resolves when it is done. */
  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#run());
    return this.#running;
  }

  /** Ends what is being done, undone. */
  async close(): Promise<void> {
    this.#abort.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { collector, log } = this.#parts;
    for (const candidate of this.#candidates()) {
      // Whoever is busy wakes us when they are done.
      if (this.#abort.signal.aborted || collector.isBusy) return;
      try {
        await this.#thin(candidate);
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#failed.add(candidate.digest);
        const isNeeded = this.#parts.records.referenced().blobs.has(candidate.digest);
        if (isNeeded)
          log('warn', 'a layer stays as it is', { digest: candidate.digest, error: messageOf(error) });
      }
    }
    this.#parts.settled?.();
  }

  /** Blobs that are files and plain layers: what is not compressed has the DiffID as its digest. */
  #candidates(): Candidate[] {
    const { content, records, snapshotter, thin } = this.#parts;
    const found = new Map<Digest, Candidate>();
    for (const image of records.all())
      for (const [position, diffId] of image.config.rootfs.diff_ids.entries()) {
        const digest = parseDigest(diffId);
        const chainId = image.chainIds[position];
        if (chainId === undefined || !snapshotter.has(chainId)) continue;
        const known = found.get(digest);
        if (known !== undefined) known.chainIds.push(chainId);
        else found.set(digest, { digest, chainIds: [chainId] });
      }
    return [...found.values()].filter(({ digest }) => {
      if (this.#failed.has(digest) || thin.records.isRefused(digest)) return false;
      return content.isFile(digest) && (content.size(digest) ?? 0) >= smallest;
    });
  }

  async #thin({ digest, chainIds }: Candidate): Promise<void> {
    const { thin, reached } = this.#parts;
    const known = thin.records.get(digest);
    // A daemon that died, or the same layer loaded again.
    if (known !== null && (await thin.isGood(known, this.#options))) return this.#replace(known);
    if (known !== null) await thin.remove(digest);
    try {
      const made = await this.#make(digest, chainIds[0] ?? '');
      if (made === null) return;
      reached?.('skeleton');
      if (!(await thin.isGood(made, this.#options))) throw new Error('it is not the same when it is rebuilt');
      reached?.('verified');
      await this.#replace(made);
    } finally {
      await thin.settle(digest);
    }
  }

  async #make(digest: Digest, chainId: string): Promise<ThinLayer | null> {
    const { content, thin } = this.#parts;
    const tar = Bun.file(content.path(digest));
    const made = await thin.make(digest, tar, chainId, this.#options);
    if (made === null) thin.records.refuse(digest);
    return made;
  }

  get #options() {
    return { background: true, signal: this.#abort.signal };
  }

  /** Never while somebody may have the blob's file open, or makes an image of it. */
  async #replace(layer: ThinLayer): Promise<void> {
    const { collector, content, records, snapshotter, thin, reached } = this.#parts;
    const { digest, chainId } = layer;
    // Whoever is busy wakes us when they are done.
    await collector.exclusively(async () => {
      // The image may have gone meanwhile.
      if (!records.referenced().blobs.has(digest) || !snapshotter.has(chainId)) return;
      if (!existsSync(thin.path(digest))) return;
      thin.records.add(layer);
      reached?.('recorded');
      await content.removeFile(digest);
      reached?.('replaced');
    });
  }
}
