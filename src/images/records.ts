import type { Blob } from '../content/content.ts';
import { type Database, migrate } from '../lib/database.ts';
import type { Digest } from '../lib/ids.ts';
import { parseImageConfig } from '../oci/image-parse.ts';
import { Holds } from './holds.ts';
import { Leases } from './leases.ts';
import type { Image } from './model.ts';
import { formatReference, type Located, Names, type Reference } from './names.ts';
import { steps } from './schema.ts';
import { type Target, Targets } from './targets.ts';

export interface NewImage extends Target {
  id: Digest;
  /** The config blob's text. */
  config: string;
  parent: Digest | null;
  created: number;
  blobs: Blob[];
  chainIds: string[];
}

interface ImageRow {
  id: Digest;
  config: string;
  parent: Digest | null;
  created: number;
  pinned: number;
}

const newColumns = 'id, config, parent, created';
const imageColumns = `${newColumns}, pinned`;

/** The tables of the images noun; every public method is one transaction. */
export class ImageRecords {
  readonly names: Names;
  readonly targets: Targets;
  readonly leases: Leases;
  readonly holds: Holds;

  constructor(private readonly db: Database) {
    migrate(db, 'images', steps);
    this.names = new Names(db);
    this.targets = new Targets(db);
    this.leases = new Leases(db);
    this.holds = new Holds(db);
  }

  /** Adds an image, or another target of one that is here. References move to it from whatever had them. */
  add(image: NewImage, references: readonly Reference[]): void {
    this.db.transaction(() => {
      this.db.run(
        `INSERT INTO images (${newColumns}, added) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
        [image.id, image.config, image.parent, image.created, Date.now()],
      );
      const layer = this.db.query(
        'INSERT OR IGNORE INTO image_chain (image, position, chain_id) VALUES (?, ?, ?)',
      );
      for (const [position, chainId] of image.chainIds.entries()) layer.run(image.id, position, chainId);
      this.targets.add(image.id, image, image.blobs);
      for (const reference of references) this.#refer(reference, { image: image.id, target: image.target });
      this.targets.trim(image.id);
      this.leases.drop([...image.chainIds, ...image.blobs.map((blob) => blob.digest)]);
    })();
  }

  /** A further name. */
  refer(reference: Reference, located: Located): void {
    this.db.transaction(() => this.#refer(reference, located))();
  }

  #refer(reference: Reference, located: Located): void {
    const before = this.names.find(reference);
    this.names.set(reference, located);
    if (before !== null && before.target !== located.target) this.targets.trim(before.image);
  }

  /** The names of a target that was made here move to the one that went out into the world in its place. */
  retarget(image: Digest, from: Digest, to: Target, blobs: readonly Blob[]): void {
    this.db.transaction(() => {
      this.targets.add(image, to, blobs);
      this.names.retarget(image, from, to.target);
      this.targets.trim(image);
    })();
  }

  unrefer(reference: Reference): void {
    this.db.transaction(() => {
      const before = this.names.find(reference);
      this.names.delete(reference);
      if (before !== null) this.targets.trim(before.image);
    })();
  }

  /** Changes that belong together: a daemon that dies among them has made none. */
  atomically<T>(work: () => T): T {
    return this.db.transaction(work)();
  }

  delete(id: Digest): void {
    this.db.run('DELETE FROM images WHERE id = ?', [id]);
  }

  /** Ids that begin with these hex digits; at most two, which is enough to know that a prefix is ambiguous. */
  findByPrefix(hex: string): Digest[] {
    return this.db
      .query<{ id: Digest }, [string]>('SELECT id FROM images WHERE id GLOB ? LIMIT 2')
      .all(`sha256:${hex}*`)
      .map((row) => row.id);
  }

  get(id: Digest): Image | null {
    const row = this.db.query<ImageRow, [string]>(`SELECT ${imageColumns} FROM images WHERE id = ?`).get(id);
    return row === null ? null : this.#image(row);
  }

  all(): Image[] {
    return this.db
      .query<ImageRow, []>(`SELECT ${imageColumns} FROM images ORDER BY created DESC, id`)
      .all()
      .map((row) => this.#image(row));
  }

  #image(row: ImageRow): Image {
    const layers = this.layers(row.id);
    const references = this.names.of(row.id);
    const [newest] = this.targets.of(row.id);
    return {
      id: row.id,
      target: newest?.target ?? row.id,
      config: parseImageConfig(new TextEncoder().encode(row.config)),
      chainIds: layers.map((layer) => layer.chainId),
      tags: references.filter((each) => each.kind === 'tag').map(formatReference),
      repoDigests: references.filter((each) => each.kind === 'digest').map(formatReference),
      created: row.created,
      size: layers.reduce((sum, layer) => sum + layer.size, 0),
      contentSize: this.targets.blobs(row.id).reduce((sum, blob) => sum + blob.size, 0),
      parentId: row.parent,
      pinned: row.pinned !== 0,
    };
  }

  /** When the image was added and used last, in milliseconds since the epoch. */
  use(id: Digest): { added: number; used: number } {
    const row = this.db
      .query<{ added: number; used: number }, [string]>('SELECT added, used FROM images WHERE id = ?')
      .get(id);
    return row ?? { added: 0, used: 0 };
  }

  touch(id: Digest, now: number): void {
    this.db.run('UPDATE images SET used = ? WHERE id = ?', [now, id]);
  }

  pin(id: Digest, pinned: boolean): void {
    this.db.run('UPDATE images SET pinned = ? WHERE id = ?', [pinned ? 1 : 0, id]);
  }

  /** The config blob's text as it was added; "" for an image that is not here. */
  configText(id: Digest): string {
    const row = this.db.query<{ config: string }, [string]>('SELECT config FROM images WHERE id = ?').get(id);
    return row?.config ?? '';
  }

  children(id: Digest): Digest[] {
    return this.db
      .query<{ id: Digest }, [string]>('SELECT id FROM images WHERE parent = ?')
      .all(id)
      .map((row) => row.id);
  }

  /** Unpacked bytes of a layer, noted when it was unpacked. */
  noteLayer(chainId: string, size: number): void {
    this.db.run(
      'INSERT INTO image_layers (chain_id, size) VALUES (?, ?) ON CONFLICT (chain_id) DO UPDATE SET size = excluded.size',
      [chainId, size],
    );
  }

  layerSize(chainId: string): number | null {
    const row = this.db
      .query<{ size: number }, [string]>('SELECT size FROM image_layers WHERE chain_id = ?')
      .get(chainId);
    return row?.size ?? null;
  }

  layers(id: Digest): { chainId: string; size: number }[] {
    return this.db
      .query<{ chainId: string; size: number }, [string]>(
        `SELECT chain_id AS chainId, size FROM image_chain JOIN image_layers USING (chain_id)
         WHERE image = ? ORDER BY position`,
      )
      .all(id);
  }

  /** What must stay on disk. */
  referenced(): { blobs: Set<string>; chainIds: Set<string> } {
    const blobs = this.db.query<{ digest: string }, []>('SELECT DISTINCT digest FROM target_blobs').all();
    const chain = this.db.query<{ id: string }, []>('SELECT DISTINCT chain_id AS id FROM image_chain').all();
    const kept = [...this.leases.keys(), ...this.holds.keys()];
    return {
      blobs: new Set([...blobs.map((row) => row.digest), ...kept]),
      chainIds: new Set([...chain.map((row) => row.id), ...kept]),
    };
  }

  isLayerReferenced(chainId: string): boolean {
    return this.db.query('SELECT 1 FROM image_chain WHERE chain_id = ? LIMIT 1').get(chainId) !== null;
  }

  forgetLayer(chainId: string): void {
    this.db.run(
      'DELETE FROM image_layers WHERE chain_id = ?1 AND NOT EXISTS (SELECT 1 FROM image_chain WHERE chain_id = ?1)',
      [chainId],
    );
  }
}
