import type { Database } from '../lib/database.ts';

/** Milliseconds for which what a pull has finished, or begun, waits for the pull to be taken up again. */
export const leaseTime = 24 * 3600_000;

/**
 * Finished blobs and layers of a pull that is not complete, or was given up: kept for a day although no image has them, so that
 * the next attempt fetches only what is missing.
 */
export class Leases {
  constructor(private readonly db: Database) {}

  /** `key`: a blob's digest or a layer's ChainID. */
  take(key: string): void {
    this.db.run(
      'INSERT INTO image_leases (key, until) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET until = ?2',
      [key, Date.now() + leaseTime],
    );
  }

  /** Whoever has an image now does not need the lease: it would only hold the space when the image goes. */
  drop(keys: Iterable<string>): void {
    const drop = this.db.query('DELETE FROM image_leases WHERE key = ?');
    for (const key of keys) drop.run(key);
  }

  dropAll(): void {
    this.db.run('DELETE FROM image_leases');
  }

  keys(): string[] {
    this.db.run('DELETE FROM image_leases WHERE until < ?', [Date.now()]);
    return this.db
      .query<{ key: string }, []>('SELECT key FROM image_leases')
      .all()
      .map((row) => row.key);
  }
}
