import { type Database, migrate } from '../../lib/database.ts';
import type { Digest } from '../../lib/ids.ts';

/** A plain layer blob that is kept as a skeleton and the files of a snapshot. */
export interface ThinLayer {
  digest: Digest;
  /** Key of the snapshot that holds the files. */
  chainId: string;
  /** Bytes of the blob; and of its skeleton on disk. */
  size: number;
  skeleton: number;
}

const steps = [
  `CREATE TABLE thin_layers (
     digest TEXT PRIMARY KEY,
     chain_id TEXT NOT NULL,
     size INTEGER NOT NULL,
     skeleton INTEGER NOT NULL)`,
  // Blobs that gain nothing, so that they are not tried again after each start.
  'CREATE TABLE thin_refused (digest TEXT PRIMARY KEY)',
];

const columns = 'digest, chain_id AS chainId, size, skeleton';

export class ThinRecords {
  readonly #get;
  readonly #all;

  constructor(private readonly db: Database) {
    migrate(db, 'thin', steps);
    this.#get = db.query<ThinLayer, [string]>(`SELECT ${columns} FROM thin_layers WHERE digest = ?`);
    this.#all = db.query<ThinLayer, []>(`SELECT ${columns} FROM thin_layers ORDER BY digest`);
  }

  get(digest: Digest): ThinLayer | null {
    return this.#get.get(digest);
  }

  all(): ThinLayer[] {
    return this.#all.all();
  }

  /** On disk when it returns, also through a power failure: the blob's file goes next. */
  add(layer: ThinLayer): void {
    this.db.run('PRAGMA synchronous = FULL');
    try {
      this.db.run(
        'INSERT OR REPLACE INTO thin_layers (digest, chain_id, size, skeleton) VALUES (?, ?, ?, ?)',
        [layer.digest, layer.chainId, layer.size, layer.skeleton],
      );
    } finally {
      this.db.run('PRAGMA synchronous = NORMAL');
    }
  }

  delete(digest: Digest): void {
    this.db.run('DELETE FROM thin_layers WHERE digest = ?', [digest]);
    this.db.run('DELETE FROM thin_refused WHERE digest = ?', [digest]);
  }

  refuse(digest: Digest): void {
    this.db.run('INSERT OR IGNORE INTO thin_refused (digest) VALUES (?)', [digest]);
  }

  isRefused(digest: Digest): boolean {
    return this.db.query('SELECT 1 FROM thin_refused WHERE digest = ?').get(digest) !== null;
  }
}
