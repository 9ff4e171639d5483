import { Database } from 'bun:sqlite';
import { internal } from './errors.ts';

export type { Database };

/** Opens (creates) the engine's one database. WAL with synchronous=NORMAL: survives kill -9 of the daemon. */
export function openDatabase(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  db.run('PRAGMA journal_mode = WAL');
  db.run('PRAGMA synchronous = NORMAL');
  db.run('PRAGMA foreign_keys = ON');
  db.run('PRAGMA busy_timeout = 5000');
  db.run('CREATE TABLE IF NOT EXISTS schema_version (noun TEXT PRIMARY KEY, version INTEGER NOT NULL)');
  return db;
}

/** Brings one noun's tables up to date: runs those of `steps` that have not run yet, in one transaction. */
export function migrate(db: Database, noun: string, steps: readonly string[]): void {
  const row = db
    .query<{ version: number }, [string]>('SELECT version FROM schema_version WHERE noun = ?')
    .get(noun);
  const from = row?.version ?? 0;
  if (from > steps.length)
    throw internal(
      `the data root was written by a newer gantry (${noun} schema ${from}, this one knows ${steps.length})`,
    );
  db.transaction(() => {
    for (const sql of steps.slice(from)) db.run(sql);
    db.run('INSERT OR REPLACE INTO schema_version (noun, version) VALUES (?, ?)', [noun, steps.length]);
  })();
}
