/** What steps have made, by what they were made of. */

import type { Layer, Layering } from '../../images/model.ts';
import { beforeAbort } from '../../lib/abort.ts';
import { type Database, migrate } from '../../lib/database.ts';

const migrations = [
  // `layers` = what the step stands on and what it added; `made` = 0: it changed no file.
  `CREATE TABLE build_steps (
     key TEXT PRIMARY KEY,
     title TEXT NOT NULL,
     layers TEXT NOT NULL,
     made INTEGER NOT NULL,
     created INTEGER NOT NULL,
     used INTEGER NOT NULL,
     uses INTEGER NOT NULL DEFAULT 0)`,
];

interface Row {
  key: string;
  title: string;
  layers: string;
  made: number;
  created: number;
  used: number;
  uses: number;
}

export interface StepRecord {
  key: string;
  /** The instruction. */
  title: string;
  /** What it stands on, and last what it added, if it did. */
  layers: readonly Layer[];
  made: boolean;
  /** Milliseconds since the epoch. */
  created: number;
  used: number;
  /** How often it was taken from here. */
  uses: number;
}

export interface Found {
  /** null: no file was changed. */
  layer: Layer | null;
  /** Milliseconds since the epoch. */
  created: number;
}

const holderOf = (key: string) => `build:${key}`;

export class StepCache {
  readonly #db: Database;
  readonly #layering: Layering;
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(db: Database, layering: Layering) {
    migrate(db, 'build', migrations);
    this.#db = db;
    this.#layering = layering;
  }

  /** What the step made, and when; undefined: it is not here (any more). */
  find(key: string): Found | undefined {
    const row = this.#db.query<Row, [string]>('SELECT * FROM build_steps WHERE key = ?').get(key);
    if (row === null) return undefined;
    // What is below is the builder's, who has it: only what the step itself added is taken from here.
    const layer = row.made === 0 ? null : ((JSON.parse(row.layers) as Layer[]).at(-1) ?? null);
    if (layer !== null && !this.#layering.has(layer)) {
      this.remove(key);
      return undefined;
    }
    this.#db.run('UPDATE build_steps SET used = ?, uses = uses + 1 WHERE key = ?', [Date.now(), key]);
    return { layer, created: row.created };
  }

  has(key: string): boolean {
    return this.#db.query('SELECT 1 FROM build_steps WHERE key = ?').get(key) !== null;
  }

  /**
   * One at a time for each key; whoever waits gets the same answer. A failure is its own builder's, who may only have been given up:
   * the others try themselves.
   */
  async once<T>(key: string, make: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let running = this.#running.get(key); running !== undefined; running = this.#running.get(key))
      try {
        return (await beforeAbort(running, signal)) as T;
      } catch {
        signal.throwIfAborted();
      }
    const work = make().finally(() => this.#running.delete(key));
    this.#running.set(key, work);
    return work;
  }

  /** `below`: what the step stands on. The layer is kept from now on; a step without one keeps nothing. */
  add(key: string, title: string, below: readonly Layer[], layer: Layer | null): Found {
    const layers = layer === null ? below : [...below, layer];
    const now = Date.now();
    this.#db.transaction(() => {
      this.#db.run(
        'INSERT OR REPLACE INTO build_steps (key, title, layers, made, created, used) VALUES (?, ?, ?, ?, ?, ?)',
        [key, title, JSON.stringify(layers), layer === null ? 0 : 1, now, now],
      );
      if (layer !== null) this.#layering.hold(holderOf(key), layers);
    })();
    return { layer, created: now };
  }

  remove(key: string): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM build_steps WHERE key = ?', [key]);
      this.#layering.release(holderOf(key));
    })();
  }

  /** Steps without a layer of their own, which no usage tells of: those whose layers below are gone, or all of them. */
  forgetLayerless(which: 'unfounded' | 'all'): void {
    for (const { key, layers, made } of this.list())
      if (!made && (which === 'all' || !layers.every((layer) => this.#layering.has(layer)))) this.remove(key);
  }

  /** Used last first. */
  list(): StepRecord[] {
    return this.#db
      .query<Row, []>('SELECT * FROM build_steps ORDER BY used DESC, key')
      .all()
      .map(({ layers, made, ...row }) => ({
        ...row,
        layers: JSON.parse(layers) as Layer[],
        made: made !== 0,
      }));
  }
}
