import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DerivedBlobs } from '../../content/derived.ts';
import { internal, messageOf } from '../../lib/errors.ts';
import { type Digest, parseDigest } from '../../lib/ids.ts';
import type { Snapshotter } from '../../snapshots/snapshotter.ts';
import type { ThinLayer, ThinRecords } from './records.ts';
import { makeSkeleton, rebuild, rebuildDigest, type SkeletonOptions } from './skeleton.ts';

const suffix = '.zst';
const half = '.new';

/**
 * Layer blobs that are rebuilt from their snapshots: `<data-root>/content/skeletons/<hex>.zst` and a record each. The skeleton
 * is written before the record and removed after it, so a skeleton without a record is rubbish.
 */
export class ThinBlobs implements DerivedBlobs {
  readonly directory: string;
  /** Skeletons that are being made and verified: they have no record yet. */
  readonly #pending = new Set<Digest>();

  constructor(
    readonly records: ThinRecords,
    private readonly snapshotter: Pick<Snapshotter, 'layerDirectory'>,
    content: string,
  ) {
    this.directory = join(content, 'skeletons');
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const known = new Set(records.all().map(({ digest }) => this.path(digest)));
    for (const name of readdirSync(this.directory)) {
      const path = join(this.directory, name);
      if (!known.has(path)) rmSync(path, { recursive: true, force: true });
    }
  }

  /** The skeleton's file. */
  path(digest: Digest): string {
    return join(this.directory, parseDigest(digest).slice('sha256:'.length) + suffix);
  }

  /** Whether a file of the directory belongs to a blob that is thin, or is about to be. */
  isKnown(name: string): boolean {
    const hex = name.slice(0, name.indexOf('.'));
    if (!/^[0-9a-f]{64}$/.test(hex)) return false;
    const digest = parseDigest(`sha256:${hex}`);
    return this.#pending.has(digest) || (name === hex + suffix && this.records.get(digest) !== null);
  }

  size(digest: Digest): number | null {
    return this.records.get(digest)?.size ?? null;
  }

  digests(): Digest[] {
    return this.records.all().map(({ digest }) => digest);
  }

  async remove(digest: Digest): Promise<void> {
    this.records.delete(digest);
    await rm(this.path(digest), { force: true });
  }

  async check(digest: Digest, signal?: AbortSignal): Promise<void> {
    await this.verify(this.#layer(digest), { signal });
  }

  stream(digest: Digest): AsyncIterable<Uint8Array> {
    return this.verified(this.#layer(digest));
  }

  #layer(digest: Digest): ThinLayer {
    const layer = this.records.get(digest);
    if (layer === null) throw damaged(digest, 'it has no record');
    return layer;
  }

  /**
   * The skeleton of a blob that is a file, under its final name; null when the gain would be small. The caller adds the
   * record, or not, and calls `settle`.
   */
  async make(
    digest: Digest,
    tar: Bun.BunFile,
    chainId: string,
    options: SkeletonOptions,
  ): Promise<ThinLayer | null> {
    const path = this.path(digest);
    this.#pending.add(digest);
    await rm(path + half, { force: true });
    try {
      const skeleton = await makeSkeleton(
        tar,
        this.snapshotter.layerDirectory(chainId),
        path + half,
        options,
      );
      const { size } = tar;
      if (skeleton > size / 2) return null;
      await rename(path + half, path);
      await using directory = await open(this.directory);
      await directory.sync();
      return { digest, chainId, size, skeleton };
    } finally {
      await rm(path + half, { force: true });
    }
  }

  /** What `make` made has its record by now, or goes. */
  async settle(digest: Digest): Promise<void> {
    if (this.records.get(digest) === null) await rm(this.path(digest), { force: true });
    this.#pending.delete(digest);
  }

  /** Throws when the blob's bytes cannot be had (any more). */
  async verify(layer: ThinLayer, options: SkeletonOptions = {}): Promise<void> {
    const { digest, chainId } = layer;
    let actual: Digest;
    try {
      const directory = this.snapshotter.layerDirectory(chainId);
      actual = await rebuildDigest(this.#existing(digest), directory, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw damaged(digest, messageOf(error), error);
    }
    if (actual !== digest) throw changed(digest);
  }

  /** Whether `verify` finds nothing; throws only when it was aborted. */
  async isGood(layer: ThinLayer, options: SkeletonOptions = {}): Promise<boolean> {
    try {
      await this.verify(layer, options);
      return true;
    } catch {
      options.signal?.throwIfAborted();
      return false;
    }
  }

  /** The blob's bytes; throws when they turn out not to be. */
  async *verified({ digest, chainId }: ThinLayer): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of rebuild(this.#existing(digest), this.snapshotter.layerDirectory(chainId))) {
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw damaged(digest, messageOf(error), error);
    }
    if (`sha256:${hash.digest('hex')}` !== digest) throw changed(digest);
  }

  #existing(digest: Digest): string {
    const path = this.path(digest);
    if (!existsSync(path)) throw internal('its skeleton is missing');
    return path;
  }
}

const changed = (digest: Digest) => damaged(digest, 'its files have changed');

const damaged = (digest: Digest, why: string, cause?: unknown) =>
  internal(
    `the layer ${digest} cannot be rebuilt from its snapshot: ${why}. Run "gantry system fsck" to see what is damaged`,
    { cause },
  );
