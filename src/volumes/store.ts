/** Volumes and who holds them, as records. */
import { type Database, migrate } from '../lib/database.ts';
import { type ContainerId, parseContainerId } from '../lib/ids.ts';
import type { Volume } from './model.ts';

const migrations = [
  `CREATE TABLE volumes (
     name TEXT PRIMARY KEY,
     created INTEGER NOT NULL,
     body TEXT NOT NULL
   )`,
  `CREATE TABLE volume_holders (
     volume TEXT NOT NULL,
     container TEXT NOT NULL,
     PRIMARY KEY (volume, container)
   ) WITHOUT ROWID`,
  'CREATE INDEX volume_holders_container ON volume_holders (container)',
];

const parse = ({ body }: { body: string }): Volume => JSON.parse(body) as Volume;

export class VolumeStore {
  readonly #db: Database;

  constructor(db: Database) {
    migrate(db, 'volumes', migrations);
    this.#db = db;
  }

  list(): Volume[] {
    return this.#db.query<{ body: string }, []>('SELECT body FROM volumes ORDER BY name').all().map(parse);
  }

  find(name: string): Volume | null {
    const row = this.#db
      .query<{ body: string }, [string]>('SELECT body FROM volumes WHERE name = ?')
      .get(name);
    return row ? parse(row) : null;
  }

  save(volume: Volume): void {
    this.#db.run('INSERT OR REPLACE INTO volumes (name, created, body) VALUES (?, ?, ?)', [
      volume.name,
      volume.created,
      JSON.stringify(volume),
    ]);
  }

  remove(name: string): void {
    this.#db.run('DELETE FROM volumes WHERE name = ?', [name]);
  }

  hold(name: string, container: ContainerId): void {
    this.#db.run('INSERT OR IGNORE INTO volume_holders (volume, container) VALUES (?, ?)', [name, container]);
  }

  release(container: ContainerId): void {
    this.#db.run('DELETE FROM volume_holders WHERE container = ?', [container]);
  }

  holders(name: string): ContainerId[] {
    return this.#db
      .query<{ container: string }, [string]>('SELECT container FROM volume_holders WHERE volume = ?')
      .all(name)
      .map(({ container }) => parseContainerId(container));
  }
}
