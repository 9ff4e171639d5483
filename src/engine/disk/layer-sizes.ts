import { type Database, migrate } from '../../lib/database.ts';
import type { Snapshotter } from '../../snapshots/snapshotter.ts';
import { bytesOnDisk } from './walk.ts';

const steps = ['CREATE TABLE layer_disk (chain_id TEXT PRIMARY KEY, bytes INTEGER NOT NULL)'];

/** Bytes on disk of unpacked layers. They never change, so each is measured once. */
export class LayerSizes {
  constructor(private readonly db: Database) {
    migrate(db, 'disk', steps);
  }

  /** Of all layers; those that are not known yet are measured. What is known of others is forgotten. */
  async of(snapshotter: Snapshotter): Promise<Map<string, number>> {
    const chainIds = snapshotter.list().flatMap(({ key, committed }) => (committed ? [key] : []));
    const known = new Map(
      this.db
        .query<{ id: string; bytes: number }, []>('SELECT chain_id AS id, bytes FROM layer_disk')
        .all()
        .map(({ id, bytes }) => [id, bytes]),
    );
    const sizes = new Map<string, number>();
    for (const chainId of chainIds) {
      sizes.set(chainId, known.get(chainId) ?? (await this.#measured(snapshotter, chainId)));
      known.delete(chainId);
    }
    for (const chainId of known.keys()) this.db.run('DELETE FROM layer_disk WHERE chain_id = ?', [chainId]);
    return sizes;
  }

  async #measured(snapshotter: Snapshotter, chainId: string): Promise<number> {
    // Removed while others were measured.
    if (!snapshotter.has(chainId)) return 0;
    const bytes = await bytesOnDisk(snapshotter.pathOf(chainId));
    if (snapshotter.has(chainId))
      this.db.run('INSERT OR REPLACE INTO layer_disk (chain_id, bytes) VALUES (?, ?)', [chainId, bytes]);
    return bytes;
  }
}
