import { type Database, migrate } from '../../lib/database.ts';

const steps = ['CREATE TABLE layer_disk (chain_id TEXT PRIMARY KEY, bytes INTEGER NOT NULL)'];

/** Bytes on disk of unpacked layers. They never change, so each is measured once. */
export class LayerSizes {
  constructor(private readonly db: Database) {
    migrate(db, 'disk', steps);
  }

  /** Of these layers; those that are not known yet are measured. What is known of others is forgotten. */
  async total(chainIds: readonly string[], measure: (chainId: string) => Promise<number>): Promise<number> {
    const known = new Map(
      this.db
        .query<{ id: string; bytes: number }, []>('SELECT chain_id AS id, bytes FROM layer_disk')
        .all()
        .map(({ id, bytes }) => [id, bytes]),
    );
    let total = 0;
    for (const chainId of chainIds) {
      const bytes = known.get(chainId) ?? (await this.#measured(chainId, measure));
      known.delete(chainId);
      total += bytes;
    }
    for (const chainId of known.keys()) this.db.run('DELETE FROM layer_disk WHERE chain_id = ?', [chainId]);
    return total;
  }

  async #measured(chainId: string, measure: (chainId: string) => Promise<number>): Promise<number> {
    const bytes = await measure(chainId);
    // Nothing: it has been removed meanwhile.
    if (bytes > 0)
      this.db.run('INSERT OR REPLACE INTO layer_disk (chain_id, bytes) VALUES (?, ?)', [chainId, bytes]);
    return bytes;
  }
}
