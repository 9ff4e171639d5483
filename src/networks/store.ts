/** Networks as records. */
import { type Database, migrate } from '../lib/database.ts';
import type { NetworkId } from '../lib/ids.ts';
import { linkExists } from '../linux/routes.ts';
import type { Network } from './model.ts';

const migrations = [
  `CREATE TABLE networks (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     created INTEGER NOT NULL,
     body TEXT NOT NULL
   )`,
  'CREATE TABLE network_links (name TEXT PRIMARY KEY)',
  // Before networks of the user's own there were only the predefined ones, and `link` was `bridge`.
  `UPDATE networks SET body = json_remove(json_set(body,
     '$.link', json_extract(body, '$.bridge'), '$.configOnly', json('false'), '$.configFrom', ''), '$.bridge')`,
];

export class NetworkStore {
  readonly #db: Database;

  constructor(db: Database) {
    migrate(db, 'networks', migrations);
    this.#db = db;
  }

  /** In order of creation. */
  list(): Network[] {
    const rows = this.#db
      .query<{ body: string }, []>('SELECT body FROM networks ORDER BY created, rowid')
      .all();
    return rows.map(({ body }) => JSON.parse(body) as Network);
  }

  byName(name: string): Network | null {
    const row = this.#db
      .query<{ body: string }, [string]>('SELECT body FROM networks WHERE name = ?')
      .get(name);
    return row ? (JSON.parse(row.body) as Network) : null;
  }

  save(network: Network): void {
    this.#db.run('INSERT OR REPLACE INTO networks (id, name, created, body) VALUES (?, ?, ?, ?)', [
      network.id,
      network.name,
      network.created,
      JSON.stringify(network),
    ]);
  }

  remove(id: NetworkId): void {
    this.#db.run('DELETE FROM networks WHERE id = ?', [id]);
  }

  /** Before a link is made: those that gantry made it may remove; one that is there already is the administrator's. */
  claimLink(name: string): void {
    if (name === '' || linkExists(name)) return;
    this.#db.run('INSERT OR IGNORE INTO network_links (name) VALUES (?)', [name]);
  }
  madeLink(name: string): boolean {
    return this.#db.query('SELECT 1 FROM network_links WHERE name = ?').get(name) !== null;
  }
  madeLinks(): string[] {
    const rows = this.#db.query<{ name: string }, []>('SELECT name FROM network_links').all();
    return rows.map(({ name }) => name);
  }
  forgetLink(name: string): void {
    this.#db.run('DELETE FROM network_links WHERE name = ?', [name]);
  }
}
