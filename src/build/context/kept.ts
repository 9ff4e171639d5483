/**
 * Files of a client's directory that stay when their build has ended, so that the client sends next time only what is another by then.
 * A build has its files alone: two builds of one directory at a time have two copies, of which one stays.
 */
import { conflict, invalid } from '../../lib/errors.ts';
import type { Log, Operational } from '../../lib/op.ts';
import { place } from '../files/place.ts';
import type { ContextEntry, ContextOffer } from '../model.ts';
import { KeptDirectories, type Manifest } from './kept-directories.ts';
import { checkManifest, differenceOf } from './manifest.ts';
import { noSuchContext, type OpenContext, patience, unpack } from './open.ts';

/** How long a context stays that no build uses, in milliseconds; BuildKit has them for two days as well. */
const keptFor = 48 * 3600_000;

interface Taken {
  manifest: Manifest;
  state: 'incomplete' | 'filling' | 'complete' | 'building';
  /** Ends the waiting. */
  timer: NodeJS.Timeout;
}

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
  readonly #taken = new Map<string, Taken>();

  constructor(root: string, log: Log) {
    this.#directories = new KeptDirectories(root, log);
    this.#sweep();
  }

  async offer(
    name: string,
    entries: readonly ContextEntry[],
    { signal }: Operational,
  ): Promise<ContextOffer> {
    checkManifest(entries);
    const id = this.#unused(name) ?? this.#directories.make(name);
    const here = this.#directories.manifest(id);
    const { wanted, gone } = differenceOf(here?.entries ?? [], entries);
    const timer = setTimeout(() => this.#giveUp(id), patience).unref();
    const taken: Taken = { manifest: { name, entries }, state: 'incomplete', timer };
    this.#taken.set(id, taken);
    try {
      if (wanted.length > 0 || gone.length > 0) this.#directories.forgetManifest(id);
      const records = gone.map((path) => ({ action: 'remove' as const, destination: `/${path}` }));
      if (gone.length > 0) await place(null, this.#tree(id), records, { signal });
      if (wanted.length === 0) this.#complete(id, taken);
    } catch (error) {
      await this.#drop(id);
      throw error;
    }
    return { id, wanted };
  }

  async fill(id: string, archive: AsyncIterable<Uint8Array>, op: Operational): Promise<void> {
    const taken = this.#taken.get(id);
    if (taken === undefined) throw noSuchContext(id);
    if (taken.state !== 'incomplete') throw conflict(`nothing is missing in build context ${id}`);
    taken.state = 'filling';
    try {
      await unpack(archive, this.#directories.files(id), op);
      this.#complete(id, taken);
    } catch (error) {
      await this.#drop(id);
      throw error;
    }
  }

  #complete(id: string, taken: Taken): void {
    if (this.#directories.used(id) === 0) this.#directories.writeManifest(id, taken.manifest);
    taken.state = 'complete';
  }

  /** null: it is none of these. `keep`: nothing that the build does can change what is there. */
  open(id: string, keep: boolean): OpenContext | null {
    const taken = this.#taken.get(id);
    if (taken === undefined) return null;
    if (taken.state === 'building') throw noSuchContext(id);
    if (taken.state !== 'complete') throw invalid(`build context ${id} is not complete`);
    taken.state = 'building';
    clearTimeout(taken.timer);
    this.#directories.touch(id);
    const known = this.#directories.known(id, taken.manifest.entries.length);
    const close = async () => {
      known.save();
      await (keep ? this.#giveBack(id, taken) : this.#drop(id));
      this.#sweep();
    };
    const path = this.#directories.files(id);
    return { path, known, dockerfile: null, isFiltered: true, [Symbol.asyncDispose]: close };
  }

  list(): KeptContext[] {
    return this.#directories.all().flatMap((id) => {
      const manifest = this.#directories.manifest(id);
      if (manifest === null) return [];
      const times = { created: this.#directories.created(id), used: this.#directories.used(id) };
      return [
        { id, name: manifest.name, ...times, inUse: this.#taken.has(id), path: this.#directories.files(id) },
      ];
    });
  }

  /** Unless somebody uses it. */
  async remove(id: string): Promise<void> {
    if (!this.#taken.has(id)) await this.#directories.remove(id);
  }

  /** Those that no build has taken yet are given up. */
  async close(): Promise<void> {
    await Promise.all([...this.#taken.keys()].map((id) => this.#giveUp(id)));
  }

  #tree = (id: string) => ({ kind: 'directory' as const, path: this.#directories.files(id) });

  #unused = (name: string): string | undefined =>
    this.#directories
      .named(name)
      .find((id) => !this.#taken.has(id) && this.#directories.manifest(id) !== null);

  async #giveUp(id: string): Promise<void> {
    const taken = this.#taken.get(id);
    if (taken === undefined || taken.state === 'building') return;
    await (taken.state === 'complete' ? this.#giveBack(id, taken) : this.#drop(id));
  }

  /** What was used last stays. */
  async #giveBack(id: string, { manifest, timer }: Taken): Promise<void> {
    clearTimeout(timer);
    this.#taken.delete(id);
    for (const other of this.#directories.named(manifest.name)) if (other !== id) await this.remove(other);
  }

  async #drop(id: string): Promise<void> {
    clearTimeout(this.#taken.get(id)?.timer);
    const removed = this.#directories.remove(id);
    this.#taken.delete(id);
    await removed;
  }

  /** What a dead daemon or host left half done, and what was not used for long. */
  #sweep(): void {
    const oldest = Date.now() - keptFor;
    for (const id of this.#directories.all())
      if (!this.#taken.has(id) && this.#directories.used(id) < oldest) void this.#directories.remove(id);
  }
}
