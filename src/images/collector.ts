import type { ContentStore } from '../content/content.ts';
import { isKind } from '../lib/errors.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import { leaseTime } from './leases.ts';
import type { ImageRecords } from './records.ts';
import type { ThinRecords } from './thin/records.ts';

/**
 * Removes blobs and layers that no image needs. Whoever makes an image first writes blobs and layers, then the record;
 * so while anyone does (`use`), nothing is collected, and what a failed or killed one left goes with the next collection.
 */
export class Collector {
  #users = 0;
  #wanted = false;
  /** Keep nothing of pulls that were broken off. */
  #forget = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly content: ContentStore,
    private readonly snapshotter: Snapshotter,
    private readonly records: ImageRecords,
    private readonly thin: Pick<ThinRecords, 'all'>,
    /** Called whenever the last user has gone. */
    private readonly idle: () => void = () => {},
  ) {}

  /** Whether anybody makes or reads an image. */
  get isBusy(): boolean {
    return this.#users > 0;
  }

  /** Holds collection off until the result is disposed. */
  async use(): Promise<AsyncDisposable> {
    this.#users += 1;
    await this.#running;
    return {
      [Symbol.asyncDispose]: async () => {
        this.#users -= 1;
        if (this.#users === 0 && this.#wanted) await this.collect();
        if (this.#users === 0) this.idle();
      },
    };
  }

  /** Collects now, or (returning at once) as soon as nobody makes an image any more. */
  async collect(): Promise<void> {
    this.#wanted = true;
    if (this.#users > 0) return;
    const run = this.#running.then(() => this.#collect());
    // A failure is the caller's; those who come next only wait.
    this.#running = run.catch(() => undefined);
    await run;
  }

  /** The space is wanted: from the next collection on, pulls that were broken off begin anew. */
  forgetUnfinished(): void {
    this.#forget = true;
  }

  /** Runs `work` while nobody uses images and nothing is collected; false, at once, when somebody does. */
  async exclusively(work: () => Promise<void>): Promise<boolean> {
    let done = false;
    const run = this.#running.then(async () => {
      if (this.#users > 0) return;
      await work();
      done = true;
    });
    // A failure is the caller's; those who come next only wait.
    this.#running = run.catch(() => undefined);
    await run;
    return done;
  }

  async #collect(): Promise<void> {
    // A user may have come while an earlier collection ran; its dispose asks again.
    if (this.#users > 0) return;
    this.#wanted = false;
    await this.#collectUnfinished();
    const { blobs, chainIds } = this.records.referenced();
    // What a blob is rebuilt from stays as long as the blob.
    for (const { digest, chainId } of this.thin.all()) if (blobs.has(digest)) chainIds.add(chainId);
    for (const digest of this.content.digests()) if (!blobs.has(digest)) await this.content.remove(digest);
    for (const key of unneeded(this.snapshotter.list(), chainIds)) await this.#removeLayer(key);
  }

  async #collectUnfinished(): Promise<void> {
    if (this.#forget) this.records.leases.dropAll();
    await this.content.forgetPartial(Date.now() - (this.#forget ? 0 : leaseTime));
    this.#forget = false;
  }

  async #removeLayer(chainId: string): Promise<void> {
    try {
      await this.snapshotter.remove(chainId);
    } catch (error) {
      // A container was created on it meanwhile.
      if (isKind(error, 'conflict')) return;
      throw error;
    }
    this.records.forgetLayer(chainId);
  }
}

/** Layers that neither an image (`referenced`) nor any other snapshot stands on; children before their parents. */
export function unneeded(
  snapshots: readonly { key: string; parent: string | null }[],
  referenced: ReadonlySet<string>,
): string[] {
  const parents = new Map(snapshots.map(({ key, parent }) => [key, parent]));
  const needed = new Set<string>();
  for (const { key } of snapshots) {
    if (isChainId(key) && !referenced.has(key)) continue;
    for (let at: string | null = key; at !== null && !needed.has(at); at = parents.get(at) ?? null)
      needed.add(at);
  }
  const depth = (key: string): number => {
    let count = 0;
    for (let at = parents.get(key) ?? null; at !== null; at = parents.get(at) ?? null) count += 1;
    return count;
  };
  return snapshots
    .map(({ key }) => key)
    .filter((key) => !needed.has(key))
    .sort((a, b) => depth(b) - depth(a));
}

function isChainId(key: string): boolean {
  return key.startsWith('sha256:');
}
