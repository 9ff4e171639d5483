/**
 * The records of all containers: SQLite is the truth, a map beside it answers reads. A record is a value: it is replaced,
 * never changed in place, so whoever holds one keeps a consistent picture.
 */

import { type Database, migrate } from '../lib/database.ts';
import { conflict, invalid, notFound } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { Container } from './model.ts';
import { next, type StateEvent } from './state.ts';

const steps = [
  `CREATE TABLE containers (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     record TEXT NOT NULL
   ) WITHOUT ROWID`,
];

export class ContainerStore {
  readonly #db: Database;
  readonly #records = new Map<string, Container>();
  readonly #ids = new Map<string, ContainerId>();

  constructor(db: Database) {
    this.#db = db;
    migrate(db, 'containers', steps);
    for (const row of db.query<{ record: string }, []>('SELECT record FROM containers').all()) {
      const record = JSON.parse(row.record) as Container;
      this.#records.set(record.id, record);
      this.#ids.set(record.name, record.id);
    }
  }

  /** Throws conflict with Docker's text when the name is taken. */
  insert(record: Container): void {
    this.assertNameFree(record.name);
    this.#db
      .query('INSERT INTO containers (id, name, record) VALUES (?, ?, ?)')
      .run(record.id, record.name, JSON.stringify(record));
    this.#records.set(record.id, record);
    this.#ids.set(record.name, record.id);
  }

  assertNameFree(name: string): void {
    const holder = this.#ids.get(name);
    if (holder === undefined) return;
    throw conflict(
      `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }

  /** Writes the changed record and returns it. */
  update(id: ContainerId, changes: Partial<Omit<Container, 'id'>>): Container {
    const before = this.byId(id);
    const record = { ...before, ...changes };
    if (record.name !== before.name) this.assertNameFree(record.name);
    this.#db
      .query('UPDATE containers SET name = ?, record = ? WHERE id = ?')
      .run(record.name, JSON.stringify(record), id);
    this.#records.set(id, record);
    if (record.name !== before.name) {
      this.#ids.delete(before.name);
      this.#ids.set(record.name, id);
    }
    return record;
  }

  /** One step of the state machine, with other changes of the same moment. */
  transition(id: ContainerId, event: StateEvent, changes: Partial<Omit<Container, 'id' | 'state'>> = {}) {
    return this.update(id, { ...changes, state: next(this.byId(id).state, event) });
  }

  delete(id: ContainerId): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    this.#db.query('DELETE FROM containers WHERE id = ?').run(id);
    this.#records.delete(id);
    this.#ids.delete(record.name);
  }

  has(id: string): boolean {
    return this.#records.has(id);
  }

  byId(id: ContainerId): Container {
    const record = this.#records.get(id);
    if (record === undefined) throw notFound(`No such container: ${id}`);
    return record;
  }

  /** By id or name; null when there is none. */
  lookUp(ref: string): Container | null {
    return this.#records.get(ref) ?? this.#records.get(this.#ids.get(ref) ?? '') ?? null;
  }

  /** What the user typed: a full id, a name (with or without slash), or an unambiguous id prefix, in this order. */
  find(ref: string): Container {
    const exact = this.#records.get(ref);
    if (exact !== undefined) return exact;
    const named = this.#ids.get(ref.startsWith('/') ? ref.slice(1) : ref);
    return named === undefined ? this.#findByPrefix(ref) : this.byId(named);
  }

  #findByPrefix(ref: string): Container {
    let found: Container | undefined;
    if (/^[0-9a-f]{1,64}$/.test(ref))
      for (const [id, record] of this.#records) {
        if (!id.startsWith(ref)) continue;
        if (found !== undefined) throw invalid(`Multiple IDs found with provided prefix: ${ref}`);
        found = record;
      }
    if (found === undefined) throw notFound(`No such container: ${ref}`);
    return found;
  }

  isNameTaken(name: string): boolean {
    return this.#ids.has(name);
  }

  /** Newest first, as Docker lists. */
  all(): Container[] {
    return [...this.#records.values()].sort((a, b) => b.created - a.created);
  }
}
