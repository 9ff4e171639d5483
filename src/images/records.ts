import { type Database, migrate } from '../lib/database.ts';
import type { Digest } from '../lib/ids.ts';
import { parseImageConfig } from '../oci/image-parse.ts';
import type { Image } from './model.ts';
import { familiarRepository } from './references.ts';
import { steps } from './schema.ts';

/** A tag (`tag` set) or a digest reference (`digest` set) of an image. `repository` is canonical: docker.io/library/x. */
export type Reference =
  | { kind: 'tag'; repository: string; tag: string }
  | { kind: 'digest'; repository: string; digest: Digest };

/** "busybox:latest", "busybox@sha256:…" */
export function formatReference(reference: Reference): string {
  const slash = reference.repository.indexOf('/');
  const name = familiarRepository({
    domain: reference.repository.slice(0, slash),
    path: reference.repository.slice(slash + 1),
  });
  return reference.kind === 'tag' ? `${name}:${reference.tag}` : `${name}@${reference.digest}`;
}

export interface NewImage {
  id: Digest;
  target: Digest;
  /** The manifest of this platform: equal to target, or one that target (an index) leads to. */
  manifest: Digest;
  /** The config blob's text. */
  config: string;
  parent: Digest | null;
  created: number;
  blobs: { digest: Digest; size: number }[];
  chainIds: string[];
}

interface ImageRow {
  id: Digest;
  target: Digest;
  manifest: Digest;
  config: string;
  parent: Digest | null;
  created: number;
  pinned: number;
}

const newColumns = 'id, target, manifest, config, parent, created';
const imageColumns = `${newColumns}, pinned`;

/** The tables of the images noun; every public method is one transaction. */
export class ImageRecords {
  constructor(private readonly db: Database) {
    migrate(db, 'images', steps);
  }

  /** Adds an image, or what is new about one that is here. References move to it from whatever had them. */
  add(image: NewImage, references: readonly Reference[]): void {
    this.db.transaction(() => {
      this.db.run(
        `INSERT INTO images (${newColumns}, added) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
        [image.id, image.target, image.manifest, image.config, image.parent, image.created, Date.now()],
      );
      const blob = this.db.query('INSERT OR IGNORE INTO image_blobs (image, digest, size) VALUES (?, ?, ?)');
      for (const { digest, size } of image.blobs) blob.run(image.id, digest, size);
      const layer = this.db.query(
        'INSERT OR IGNORE INTO image_chain (image, position, chain_id) VALUES (?, ?, ?)',
      );
      for (const [position, chainId] of image.chainIds.entries()) layer.run(image.id, position, chainId);
      for (const reference of references) this.#refer(reference, image.id);
    })();
  }

  refer(reference: Reference, image: Digest): void {
    this.db.transaction(() => this.#refer(reference, image))();
  }

  #refer(reference: Reference, image: Digest): void {
    if (reference.kind === 'tag')
      this.db.run('INSERT OR REPLACE INTO image_names (repository, tag, image) VALUES (?, ?, ?)', [
        reference.repository,
        reference.tag,
        image,
      ]);
    else
      this.db.run('INSERT OR REPLACE INTO image_digests (repository, digest, image) VALUES (?, ?, ?)', [
        reference.repository,
        reference.digest,
        image,
      ]);
  }

  unrefer(reference: Reference): void {
    if (reference.kind === 'tag')
      this.db.run('DELETE FROM image_names WHERE repository = ? AND tag = ?', [
        reference.repository,
        reference.tag,
      ]);
    else
      this.db.run('DELETE FROM image_digests WHERE repository = ? AND digest = ?', [
        reference.repository,
        reference.digest,
      ]);
  }

  delete(id: Digest): void {
    this.db.run('DELETE FROM images WHERE id = ?', [id]);
  }

  /** The image that a tag or digest reference means. */
  find(reference: Reference): Digest | null {
    const row =
      reference.kind === 'tag'
        ? this.db
            .query<{ image: Digest }, [string, string]>(
              'SELECT image FROM image_names WHERE repository = ? AND tag = ?',
            )
            .get(reference.repository, reference.tag)
        : this.db
            .query<{ image: Digest }, [string, string]>(
              'SELECT image FROM image_digests WHERE repository = ? AND digest = ?',
            )
            .get(reference.repository, reference.digest);
    return row?.image ?? null;
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
    const references = this.references(row.id);
    const content = this.db
      .query<{ total: number | null }, [string]>('SELECT sum(size) AS total FROM image_blobs WHERE image = ?')
      .get(row.id);
    return {
      id: row.id,
      target: row.target,
      config: parseImageConfig(new TextEncoder().encode(row.config)),
      chainIds: layers.map((layer) => layer.chainId),
      tags: references.filter((each) => each.kind === 'tag').map(formatReference),
      repoDigests: references.filter((each) => each.kind === 'digest').map(formatReference),
      created: row.created,
      size: layers.reduce((sum, layer) => sum + layer.size, 0),
      contentSize: content?.total ?? 0,
      parentId: row.parent,
      pinned: row.pinned !== 0,
    };
  }

  /** When the image was added and used last, in milliseconds since the epoch, and whether it is to stay. */
  use(id: Digest): { added: number; used: number; pinned: boolean } {
    const row = this.db
      .query<{ added: number; used: number; pinned: number }, [string]>(
        'SELECT added, used, pinned FROM images WHERE id = ?',
      )
      .get(id);
    return { added: row?.added ?? 0, used: row?.used ?? 0, pinned: row?.pinned === 1 };
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

  /** Digest of the manifest for this platform. */
  manifest(id: Digest): Digest | null {
    const row = this.db
      .query<{ manifest: Digest }, [string]>('SELECT manifest FROM images WHERE id = ?')
      .get(id);
    return row?.manifest ?? null;
  }

  blobs(id: Digest): { digest: Digest; size: number }[] {
    return this.db
      .query<{ digest: Digest; size: number }, [string]>(
        'SELECT digest, size FROM image_blobs WHERE image = ? ORDER BY digest',
      )
      .all(id);
  }

  /** Tags first, then digests, each in order of name. */
  references(id: Digest): Reference[] {
    const tags = this.db
      .query<{ repository: string; tag: string }, [string]>(
        'SELECT repository, tag FROM image_names WHERE image = ? ORDER BY repository, tag',
      )
      .all(id);
    const digests = this.db
      .query<{ repository: string; digest: Digest }, [string]>(
        'SELECT repository, digest FROM image_digests WHERE image = ? ORDER BY repository, digest',
      )
      .all(id);
    return [
      ...tags.map((row) => ({ kind: 'tag' as const, ...row })),
      ...digests.map((row) => ({ kind: 'digest' as const, ...row })),
    ];
  }

  tagsOf(repository: string): { tag: string; image: Digest }[] {
    return this.db
      .query<{ tag: string; image: Digest }, [string]>(
        'SELECT tag, image FROM image_names WHERE repository = ? ORDER BY tag',
      )
      .all(repository);
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
    const blobs = this.db.query<{ digest: string }, []>('SELECT DISTINCT digest FROM image_blobs').all();
    const chain = this.db.query<{ id: string }, []>('SELECT DISTINCT chain_id AS id FROM image_chain').all();
    return { blobs: new Set(blobs.map((row) => row.digest)), chainIds: new Set(chain.map((row) => row.id)) };
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
