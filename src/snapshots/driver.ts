import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../lib/database.ts';
import { conflict, internal, notFound } from '../lib/errors.ts';
import type { RootMount } from '../linux/mounts.ts';
import { type SnapshotRecord, SnapshotRecords } from './records.ts';
import type { Snapshotter, Usage, WrittenLayer } from './snapshotter.ts';
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

  /** Removes what a dead daemon left behind. */
  async recover(): Promise<void> {
    const known = new Set(this.records.all().map((record) => String(record.number)));
    for (const name of readdirSync(this.directory)) {
      if (/^\d+$/.test(name) && !known.has(name))
        await rm(join(this.directory, name), { recursive: true, force: true });
    }
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
    const number = this.records.nextNumber();
    const directory = join(this.directory, String(number));
    try {
      const made = this.makeLayer(directory, parent, parentReady, write);
      // Both have to end before anything is undone.
      for (const outcome of await Promise.allSettled([made, parentReady]))
        if (outcome.status === 'rejected') throw outcome.reason;
      this.records.add({ key, number, parent, state: 'committed' });
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  has(key: string): boolean {
    return this.records.get(key) !== null;
  }

  async prepare(key: string, parent: string | null): Promise<void> {
    if (this.has(key)) throw conflict(`snapshot ${key} already exists`);
    const below = parent === null ? null : this.record(parent);
    const number = this.records.nextNumber();
    const directory = join(this.directory, String(number));
    try {
      await this.makeWritable(directory, below);
      this.records.add({ key, number, parent, state: 'writable' });
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
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
    const child = this.records.childOf(key);
    if (child !== null) throw conflict(`snapshot ${key} is in use by ${child}`);
    this.records.delete(key);
    await rm(join(this.directory, String(record.number)), { recursive: true, force: true });
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
