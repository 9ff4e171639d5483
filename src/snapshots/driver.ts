import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Database } from '../lib/database.ts';
import { conflict, internal, notFound } from '../lib/errors.ts';
import type { RootMount } from '../linux/mounts.ts';
import { changedPaths } from './changed-paths.ts';
import { type Changes, diffTar } from './diff.ts';
import { type SnapshotRecord, SnapshotRecords } from './records.ts';
import type { ChangedPath, DiffOptions, Snapshotter, Usage, WrittenLayer } from './snapshotter.ts';
import { diskUsage } from './usage.ts';

/**
 * What the drivers share: records, directories by number, recovery. A directory without a record is rubbish, and a record
 * is written after its directory and removed before it; so after a crash the next start only has to look for rubbish.
 */
export abstract class DirectoryDriver implements Snapshotter {
  abstract readonly driver: string;
  abstract readonly whiteouts: 'overlay' | 'apply';
  protected readonly records: SnapshotRecords;
  /** Layers being unpacked right now. */
  readonly #unpacking = new Map<string, Promise<void>>();
  /** Numbers of directories that are being made or removed: no record tells of them. */
  readonly #changing = new Set<number>();

  constructor(
    db: Database,
    protected readonly directory: string,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o710 });
    this.records = new SnapshotRecords(db);
  }

  abstract status(): [string, string][];
  abstract mounts(key: string): RootMount;
  abstract describe(key: string): Record<string, string>;
  /** Makes `<number>` for a writable snapshot. */
  protected abstract makeWritable(directory: string, parent: SnapshotRecord | null): Promise<void>;
  /** Makes and fills `<number>` for a layer; resolves after `parentReady`. */
  protected abstract makeLayer(
    directory: string,
    parent: string | null,
    parentReady: Promise<void>,
    write: (directory: string) => Promise<WrittenLayer>,
  ): Promise<void>;
  /** The directory whose files count as the snapshot's own. */
  protected abstract ownFiles(record: SnapshotRecord): string;
  /** Where its changes are. */
  protected abstract changes(record: SnapshotRecord): Changes;

  protected path(number: number): string {
    return join(this.directory, String(number));
  }

  /** Deletes `<number>`, finished, half made or not there at all. */
  protected async discard(directory: string): Promise<void> {
    await rm(directory, { recursive: true, force: true });
  }

  /** Removes what a dead daemon left behind. */
  async recover(): Promise<void> {
    const known = new Set(this.records.all().map((record) => String(record.number)));
    for (const name of readdirSync(this.directory)) {
      if (/^\d+$/.test(name) && !known.has(name)) await this.discard(join(this.directory, name));
    }
  }

  #change(number: number): Disposable & { number: number } {
    this.#changing.add(number);
    return { number, [Symbol.dispose]: () => this.#changing.delete(number) };
  }

  async unpack(
    chainId: string,
    parent: string | null,
    write: (directory: string) => Promise<WrittenLayer>,
  ): Promise<void> {
    const running = this.#unpacking.get(chainId);
    if (running) return running;
    if (this.has(chainId)) return;
    const parentReady = this.#parentReady(parent);
    const work = this.#unpack(chainId, parent, parentReady, write).finally(() =>
      this.#unpacking.delete(chainId),
    );
    this.#unpacking.set(chainId, work);
    return work;
  }

  #parentReady(parent: string | null): Promise<void> {
    if (parent === null || this.has(parent)) return Promise.resolve();
    const running = this.#unpacking.get(parent);
    if (running === undefined) throw notFound(`layer ${parent} does not exist`);
    return running;
  }

  async #unpack(
    key: string,
    parent: string | null,
    parentReady: Promise<void>,
    write: (directory: string) => Promise<WrittenLayer>,
  ): Promise<void> {
    using change = this.#change(this.records.nextNumber());
    const { number } = change;
    const directory = this.path(number);
    try {
      const made = this.makeLayer(directory, parent, parentReady, write);
      // Both have to end before anything is undone.
      for (const outcome of await Promise.allSettled([made, parentReady]))
        if (outcome.status === 'rejected') throw outcome.reason;
      this.records.add({ key, number, parent, state: 'committed' });
    } catch (error) {
      await this.discard(directory);
      throw error;
    }
  }

  has(key: string): boolean {
    return this.records.get(key) !== null;
  }

  async prepare(key: string, parent: string | null): Promise<void> {
    if (this.has(key)) throw conflict(`snapshot ${key} already exists`);
    const below = parent === null ? null : this.record(parent);
    using change = this.#change(this.records.nextNumber());
    const { number } = change;
    const directory = this.path(number);
    try {
      await this.makeWritable(directory, below);
      this.records.add({ key, number, parent, state: 'writable' });
    } catch (error) {
      await this.discard(directory);
      throw error;
    }
  }

  diff(key: string, options: DiffOptions): AsyncIterable<Uint8Array> {
    return diffTar(this.changes(this.record(key)), options);
  }

  changedPaths(key: string, options: DiffOptions): Promise<ChangedPath[]> {
    return changedPaths(this.changes(this.record(key)), options);
  }

  pathOf(key: string): string {
    return this.path(this.record(key).number);
  }

  layerDirectory(key: string): string {
    return this.ownFiles(this.record(key));
  }

  async usage(key: string): Promise<Usage> {
    return diskUsage(this.ownFiles(this.record(key)));
  }

  async remove(key: string): Promise<void> {
    const record = this.records.get(key);
    if (record === null) return;
    using _ = this.#change(record.number);
    const child = this.records.childOf(key);
    if (child !== null) throw conflict(`snapshot ${key} is in use by ${child}`);
    this.records.delete(key);
    await this.discard(this.path(record.number));
  }

  audit(): { missing: string[]; orphans: string[] } {
    const records = this.records.all();
    const known = new Set(records.map(({ number }) => String(number)));
    for (const number of this.#changing) known.add(String(number));
    return {
      missing: records.filter((record) => !existsSync(this.ownFiles(record))).map(({ key }) => key),
      orphans: readdirSync(this.directory)
        .filter((name) => !known.has(name))
        .map((name) => join(this.directory, name)),
    };
  }

  async removeOrphan(path: string): Promise<void> {
    if (this.audit().orphans.includes(path)) await this.discard(join(this.directory, basename(path)));
  }

  async restore(key: string, write: (directory: string) => Promise<WrittenLayer>): Promise<void> {
    const record = this.record(key);
    using change = this.#change(this.records.nextNumber());
    const directory = this.path(change.number);
    const target = this.path(record.number);
    try {
      await this.makeLayer(directory, record.parent, Promise.resolve(), write);
      await this.discard(target);
      renameSync(directory, target);
    } catch (error) {
      await this.discard(directory);
      throw error;
    }
  }

  list(): { key: string; parent: string | null; committed: boolean }[] {
    return this.records
      .all()
      .map(({ key, parent, state }) => ({ key, parent, committed: state === 'committed' }));
  }

  protected record(key: string): SnapshotRecord {
    const record = this.records.get(key);
    if (record === null) throw notFound(`snapshot ${key} does not exist`);
    return record;
  }

  protected chain(record: SnapshotRecord): SnapshotRecord[] {
    const chain = this.records.chain(record);
    if (chain.at(-1)?.parent != null) throw internal(`snapshot ${record.key} has lost a parent`);
    return chain;
  }
}
