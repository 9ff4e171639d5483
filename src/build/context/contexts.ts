/** Build contexts on disk: a directory for each, shut away in the data root, that lives as long as its build, or is kept for the next. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log, Operational } from '../../lib/op.ts';
import type { ContextSource } from '../model.ts';
import { KeptContexts } from './kept.ts';
import { noSuchContext, type OpenContext, patience, unpack } from './open.ts';
import { fetchContext } from './remote.ts';

export class Contexts {
  readonly #root: string;
  readonly #log: Log;
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly kept: KeptContexts;

  /** `root`: of all, in which those that are kept have a directory of their own. */
  constructor(root: string, log: Log) {
    this.#root = join(root, 'once');
    this.#log = log;
    mkdirSync(this.#root, { recursive: true, mode: 0o710 });
    // What a dead daemon's builds had.
    for (const name of readdirSync(this.#root))
      rmSync(join(this.#root, name), { recursive: true, force: true });
    this.kept = new KeptContexts(join(root, 'kept'), log);
  }

  async add(archive: AsyncIterable<Uint8Array>, op: Operational): Promise<string> {
    const id = randomBytes(16).toString('hex');
    await this.#receive(id, archive, op);
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      void this.#remove(id);
    }, patience);
    this.#waiting.set(id, timer.unref());
    return id;
  }

  /** `keep`: nothing that the build does can change the files. */
  async open(source: ContextSource, keep: boolean, op: Operational): Promise<OpenContext> {
    if (source.kind === 'added') return this.kept.open(source.id, keep) ?? this.#take(source.id);
    const id = randomBytes(16).toString('hex');
    if (source.kind === 'tar') {
      await this.#receive(id, source.archive, op);
      return this.#opened(id, null);
    }
    const directory = join(this.#root, id);
    mkdirSync(directory, { mode: 0o755 });
    try {
      const fetched = await fetchContext(source.url, directory, op);
      if (fetched.archive !== null) await unpack(fetched.archive, directory, op);
      return this.#opened(id, fetched.dockerfile);
    } catch (error) {
      await this.#remove(id);
      throw error;
    }
  }

  #take(id: string): OpenContext {
    const timer = this.#waiting.get(id);
    if (timer === undefined) throw noSuchContext(id);
    clearTimeout(timer);
    this.#waiting.delete(id);
    return this.#opened(id, null);
  }

  #opened(id: string, dockerfile: string | null): OpenContext {
    return {
      path: join(this.#root, id),
      dockerfile,
      isFiltered: false,
      [Symbol.asyncDispose]: () => this.#remove(id),
    };
  }

  async #receive(id: string, archive: AsyncIterable<Uint8Array>, op: Operational): Promise<void> {
    const directory = join(this.#root, id);
    mkdirSync(directory, { mode: 0o755 });
    try {
      await unpack(archive, directory, op);
    } catch (error) {
      await this.#remove(id);
      throw error;
    }
  }

  async #remove(id: string): Promise<void> {
    try {
      await rm(join(this.#root, id), { recursive: true, force: true });
    } catch (error) {
      this.#log('warn', 'a build context was not removed', { id, error: String(error) });
    }
  }

  /** Contexts that no build has taken go. */
  async close(): Promise<void> {
    for (const [id, timer] of this.#waiting) {
      clearTimeout(timer);
      await this.#remove(id);
    }
    this.#waiting.clear();
    await this.kept.close();
  }
}
