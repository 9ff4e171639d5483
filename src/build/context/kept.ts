/**
 * Files of a client's directory that stay when their build has ended, so that the client sends next time only what is another by then.
 * A build has its files alone: two builds of one directory at a time have two copies, of which one stays.
 */
import { conflict, invalid } from '../../lib/errors.ts';
import type { Log, Operational } from '../../lib/op.ts';
import type { KnownFiles } from '../files/known-files.ts';
import { place } from '../files/place.ts';
import type { ContextOffer } from '../model.ts';
import { KeptDirectories, type Manifest } from './kept-directories.ts';
import { checkManifest, differenceOf } from './manifest.ts';
import { noSuchContext, type OpenContext, patience, unpack } from './open.ts';

/** How long a context stays that no build uses, in milliseconds; BuildKit has them for two days as well. */
const keptFor = 48 * 3600_000;

const sweepInterval = 3600_000;

/** `timer` ends the waiting: for what is missing, or for a build. `size`: entries of it. */
type Taken =
  | { kind: 'incomplete'; manifest: Manifest; timer: NodeJS.Timeout }
  | { kind: 'filling' }
  | { kind: 'complete'; name: string; size: number; timer: NodeJS.Timeout }
  | { kind: 'building' };

export interface KeptContext {
  id: string;
  name: string;
  /** Milliseconds since the epoch. */
  created: number;
  used: number;
  inUse: boolean;
  /** Of the host. */
  path: string;
}

export class KeptContexts {
  readonly #directories: KeptDirectories;
  readonly #log: Log;
  readonly #sweeping: NodeJS.Timeout;
  readonly #taken = new Map<string, Taken>();

  constructor(root: string, log: Log) {
    this.#directories = new KeptDirectories(root, log);
    this.#log = log;
    this.#sweep();
    this.#sweeping = setInterval(() => this.#sweep(), sweepInterval).unref();
  }

  /** Whether all of it is here already, told by the digest of the list alone. */
  known(name: string, digest: string): string | null {
    for (const id of this.#directories.named(name)) {
      const summary = this.#taken.has(id) ? null : this.#directories.summary(id);
      if (summary === null || summary.digest !== digest) continue;
      this.#complete(id, name, summary.size);
      return id;
    }
    return null;
  }

  async offer(manifest: Manifest, { signal }: Operational): Promise<ContextOffer> {
    const { name, entries } = manifest;
    checkManifest(entries);
    const id = this.#unused(name) ?? this.#directories.make(name);
    const { wanted, gone } = differenceOf(this.#directories.manifest(id)?.entries ?? [], entries);
    this.#taken.set(id, { kind: 'filling' });
    try {
      if (wanted.length > 0 || gone.length > 0) this.#directories.forgetManifest(id);
      const records = gone.map((path) => ({ action: 'remove' as const, destination: `/${path}` }));
      if (gone.length > 0) await place(null, this.#tree(id), records, { signal });
      if (wanted.length === 0) this.#filled(id, manifest);
      else this.#taken.set(id, { kind: 'incomplete', manifest, timer: this.#patience(id) });
    } catch (error) {
      await this.#drop(id);
      throw error;
    }
    return { id, wanted };
  }

  async fill(id: string, archive: AsyncIterable<Uint8Array>, op: Operational): Promise<void> {
    const taken = this.#taken.get(id);
    if (taken === undefined) throw noSuchContext(id);
    if (taken.kind !== 'incomplete') throw conflict(`nothing is missing in build context ${id}`);
    clearTimeout(taken.timer);
    this.#taken.set(id, { kind: 'filling' });
    try {
      await unpack(archive, this.#directories.files(id), op);
      // The daemon ends.
      if (!this.#taken.has(id)) throw noSuchContext(id);
      this.#filled(id, taken.manifest);
    } catch (error) {
      await this.#drop(id);
      throw error;
    }
  }

  #filled(id: string, manifest: Manifest): void {
    this.#directories.writeManifest(id, manifest);
    this.#complete(id, manifest.name, manifest.entries.length);
  }

  #complete(id: string, name: string, size: number): void {
    this.#taken.set(id, { kind: 'complete', name, size, timer: this.#patience(id) });
  }

  #patience = (id: string): NodeJS.Timeout => setTimeout(() => this.#giveUp(id), patience).unref();

  /** null: it is none of these. `keep`: nothing that the build does can change what is there. */
  open(id: string, keep: boolean): OpenContext | null {
    const taken = this.#taken.get(id);
    if (taken === undefined) return null;
    if (taken.kind === 'building') throw noSuchContext(id);
    if (taken.kind !== 'complete') throw invalid(`build context ${id} is not complete`);
    const { name, size, timer } = taken;
    clearTimeout(timer);
    this.#taken.set(id, { kind: 'building' });
    this.#directories.touch(id);
    const known = this.#directories.known(id, size);
    const close = async () => {
      this.#save(known);
      await (keep ? this.#giveBack(id, name) : this.#drop(id));
    };
    const path = this.#directories.files(id);
    return { path, known, dockerfile: null, isFiltered: true, [Symbol.asyncDispose]: close };
  }

  /** What is not known next time has to be looked at again: no reason to fail. */
  #save(known: KnownFiles): void {
    try {
      known.save();
    } catch (error) {
      this.#log('warn', 'what is known of a build context was not kept', { error: String(error) });
    }
  }

  list(): KeptContext[] {
    return this.#directories.all().flatMap((id) => {
      const summary = this.#directories.summary(id);
      if (summary === null) return [];
      const times = { created: this.#directories.created(id), used: this.#directories.used(id) };
      return [
        { id, name: summary.name, ...times, inUse: this.#taken.has(id), path: this.#directories.files(id) },
      ];
    });
  }

  /** False: somebody uses it. */
  async remove(id: string): Promise<boolean> {
    if (this.#taken.has(id)) return false;
    await this.#directories.remove(id);
    return true;
  }

  /** Those that no build has taken yet are given up. */
  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    await Promise.all([...this.#taken.keys()].map((id) => this.#giveUp(id)));
  }

  #tree = (id: string) => ({ kind: 'directory' as const, path: this.#directories.files(id) });

  #unused = (name: string): string | undefined =>
    this.#directories
      .named(name)
      .find((id) => !this.#taken.has(id) && this.#directories.summary(id) !== null);

  async #giveUp(id: string): Promise<void> {
    const taken = this.#taken.get(id);
    if (taken === undefined || taken.kind === 'building') return;
    if ('timer' in taken) clearTimeout(taken.timer);
    await (taken.kind === 'complete' ? this.#giveBack(id, taken.name) : this.#drop(id));
  }

  /** What was used last stays. */
  async #giveBack(id: string, name: string): Promise<void> {
    this.#taken.delete(id);
    for (const other of this.#directories.named(name)) if (other !== id) await this.remove(other);
  }

  async #drop(id: string): Promise<void> {
    const removed = this.#directories.remove(id);
    this.#taken.delete(id);
    await removed;
  }

  /** What a dead daemon or host left half done, and what was not used for long. */
  #sweep(): void {
    const oldest = Date.now() - keptFor;
    const isOld = (id: string) =>
      this.#directories.summary(id) === null || this.#directories.used(id) < oldest;
    for (const id of this.#directories.all())
      if (!this.#taken.has(id) && isOld(id)) void this.#directories.remove(id);
  }
}
