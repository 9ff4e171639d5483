/** Volumes, who holds them and who has them mounted, as records. */
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
  `CREATE TABLE volume_mounts (
     volume TEXT NOT NULL,
     user TEXT NOT NULL,
     PRIMARY KEY (volume, user)
   ) WITHOUT ROWID`,
  'CREATE INDEX volume_mounts_user ON volume_mounts (user)',
  // Directories that a rename, which the records have already, has yet to move.
  'CREATE TABLE volume_renames (name TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID',
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

  addMount(name: string, user: string): void {
    this.#db.run('INSERT OR IGNORE INTO volume_mounts (volume, user) VALUES (?, ?)', [name, user]);
  }

  removeMount(name: string, user: string): void {
    this.#db.run('DELETE FROM volume_mounts WHERE volume = ? AND user = ?', [name, user]);
  }

  users(name: string): string[] {
    return this.#db
      .query<{ user: string }, [string]>('SELECT user FROM volume_mounts WHERE volume = ?')
      .all(name)
      .map(({ user }) => user);
  }

  mountedBy(user: string): string[] {
    return this.#db
      .query<{ volume: string }, [string]>('SELECT volume FROM volume_mounts WHERE user = ?')
      .all(user)
      .map(({ volume }) => volume);
  }

  mounts(): { volume: string; user: string }[] {
    return this.#db
      .query<{ volume: string; user: string }, []>('SELECT volume, user FROM volume_mounts')
      .all();
  }

  /** Everything that is on record under the old name; `also` is written in the same transaction. */
  rename(from: string, volume: Volume, also: () => void): void {
    this.#db.transaction(() => {
      this.remove(from);
      this.save(volume);
      this.#db.run('UPDATE volume_holders SET volume = ? WHERE volume = ?', [volume.name, from]);
      this.#db.run('INSERT INTO volume_renames (name, target) VALUES (?, ?)', [from, volume.name]);
      also();
    })();
  }

  renames(): { name: string; target: string }[] {
    return this.#db
      .query<{ name: string; target: string }, []>('SELECT name, target FROM volume_renames')
      .all();
  }

  renamed(name: string): void {
    this.#db.run('DELETE FROM volume_renames WHERE name = ?', [name]);
  }
}
