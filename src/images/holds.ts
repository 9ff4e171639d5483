import type { Database } from '../lib/database.ts';

/** Layers (ChainIDs) and blobs (digests) that are kept although no image has them, for as long as their holder wants. */
export class Holds {
  constructor(private readonly db: Database) {}

  /** In place of what the holder had. */
  set(holder: string, keys: Iterable<string>): void {
    this.db.transaction(() => {
      this.drop(holder);
      const hold = this.db.query('INSERT OR IGNORE INTO image_holds (holder, key) VALUES (?, ?)');
      for (const key of keys) hold.run(holder, key);
    })();
  }

  drop(holder: string): void {
    this.db.run('DELETE FROM image_holds WHERE holder = ?', [holder]);
  }

  holders(): string[] {
    return this.db
      .query<{ holder: string }, []>('SELECT DISTINCT holder FROM image_holds')
      .all()
      .map((row) => row.holder);
  }

  keys(): string[] {
    return this.db
      .query<{ key: string }, []>('SELECT DISTINCT key FROM image_holds')
      .all()
      .map((row) => row.key);
  }
}
