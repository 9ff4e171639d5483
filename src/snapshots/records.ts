import { type Database, migrate } from '../lib/database.ts';

/** `committed` layers are immutable, `writable` ones belong to a container. */
export type SnapshotState = 'committed' | 'writable';

export interface SnapshotRecord {
  key: string;
  /** Name of its directory: short, because overlay's options hold the numbers of all layers. */
  number: number;
  parent: string | null;
  state: SnapshotState;
}

const steps = [
  `CREATE TABLE snapshots (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     key TEXT NOT NULL UNIQUE,
     parent TEXT REFERENCES snapshots (key),
     state TEXT NOT NULL CHECK (state IN ('committed', 'writable')))`,
  'CREATE INDEX snapshots_parent ON snapshots (parent)',
];

const columns = 'key, number, parent, state';

/** The table of snapshots of one driver's directory. */
export class SnapshotRecords {
  readonly #get;
  readonly #insert;
  readonly #delete;
  readonly #child;
  #last: number;

  constructor(private readonly db: Database) {
    migrate(db, 'snapshots', steps);
    this.#get = db.query<SnapshotRecord, [string]>(`SELECT ${columns} FROM snapshots WHERE key = ?`);
    this.#insert = db.query<null, [string, number, string | null, SnapshotState]>(
      `INSERT INTO snapshots (${columns}) VALUES (?, ?, ?, ?)`,
    );
    this.#delete = db.query<null, [string]>('DELETE FROM snapshots WHERE key = ?');
    this.#child = db.query<{ key: string }, [string]>('SELECT key FROM snapshots WHERE parent = ? LIMIT 1');
    const row = db
      .query<{ seq: number }, []>("SELECT seq FROM sqlite_sequence WHERE name = 'snapshots'")
      .get();
    this.#last = row?.seq ?? 100 + Math.floor(Math.random() * 900);
  }

  /**
   * The next directory number. None is ever used twice, and a new data root starts anywhere, because ext4 chooses the place
   * of a directory by its name: see spreadSubdirectories.
   */
  nextNumber(): number {
    this.#last += 1;
    return this.#last;
  }

  get(key: string): SnapshotRecord | null {
    return this.#get.get(key);
  }

  add(record: SnapshotRecord): void {
    this.#insert.run(record.key, record.number, record.parent, record.state);
  }

  delete(key: string): void {
    this.#delete.run(key);
  }

  /** Some snapshot that stands on `key`. */
  childOf(key: string): string | null {
    return this.#child.get(key)?.key ?? null;
  }

  all(): SnapshotRecord[] {
    return this.db.query<SnapshotRecord, []>(`SELECT ${columns} FROM snapshots ORDER BY number`).all();
  }

  /** `record` and everything below it, top first. */
  chain(record: SnapshotRecord): SnapshotRecord[] {
    return this.db
      .query<SnapshotRecord, [string]>(
        `WITH RECURSIVE chain (key, number, parent, state, depth) AS (
           SELECT ${columns}, 0 FROM snapshots WHERE key = ?
           UNION ALL SELECT s.key, s.number, s.parent, s.state, c.depth + 1 FROM snapshots s JOIN chain c ON s.key = c.parent)
         SELECT ${columns} FROM chain ORDER BY depth`,
      )
      .all(record.key);
  }
}
