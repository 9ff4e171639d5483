import type { Blob } from '../content/content.ts';
import type { Database } from '../lib/database.ts';
import type { Digest } from '../lib/ids.ts';

/** One way in which an image is carried: a manifest, perhaps at the end of an index, and the blobs that are here of it. */
export interface Target {
  target: Digest;
  /** The manifest for this platform: equal to target, or one that target (an index) leads to. */
  manifest: Digest;
  /** Written by gantry (import, commit, archives without manifests): nobody outside knows its digest yet. */
  madeHere: boolean;
}

interface Row {
  target: Digest;
  manifest: Digest;
  made_here: number;
}

const toTarget = ({ target, manifest, made_here }: Row): Target => ({
  target,
  manifest,
  madeHere: made_here === 1,
});

/**
 * The same image may be loaded from one place and pulled from another, with its layers compressed differently: the config, and so
 * the id, is one, the manifests are two. Each name keeps the one it came with, so a digest seen once stays true.
 */
export class Targets {
  constructor(private readonly db: Database) {}

  add(image: Digest, { target, manifest, madeHere }: Target, blobs: readonly Blob[]): void {
    // Known already: it becomes the newest, and what is known outside stays known.
    this.db.run(
      `INSERT INTO image_targets (image, target, manifest, made_here, added) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (image, target) DO UPDATE SET added = ?5, made_here = min(made_here, ?4)`,
      [image, target, manifest, madeHere ? 1 : 0, Date.now()],
    );
    const insert = this.db.query(
      'INSERT OR IGNORE INTO target_blobs (image, target, digest, size) VALUES (?, ?, ?, ?)',
    );
    for (const { digest, size } of blobs) insert.run(image, target, digest, size);
  }

  /** Newest first: the first is what an id alone means. */
  of(image: Digest): Target[] {
    return this.db
      .query<Row, [string]>(
        'SELECT target, manifest, made_here FROM image_targets WHERE image = ? ORDER BY added DESC, rowid DESC',
      )
      .all(image)
      .map(toTarget);
  }

  get(image: Digest, target: Digest): Target | null {
    const row = this.db
      .query<Row, [string, string]>(
        'SELECT target, manifest, made_here FROM image_targets WHERE image = ? AND target = ?',
      )
      .get(image, target);
    return row === null ? null : toTarget(row);
  }

  /** Of all targets of the image, or of one. */
  blobs(image: Digest, target?: Digest): Blob[] {
    return this.db
      .query<Blob, [string, string | null]>(
        `SELECT DISTINCT digest, size FROM target_blobs WHERE image = ?1 AND target = ifnull(?2, target)
         ORDER BY digest`,
      )
      .all(image, target ?? null);
  }

  /** Drops targets that no name needs, but never the last one. */
  trim(image: Digest): void {
    this.db.run(
      `DELETE FROM image_targets WHERE image = ?1
         AND target NOT IN (SELECT target FROM image_names WHERE image = ?1)
         AND target NOT IN (SELECT digest FROM image_digests WHERE image = ?1)
         AND EXISTS (SELECT 1 FROM image_targets AS other WHERE other.image = ?1
           AND (other.target IN (SELECT target FROM image_names WHERE image = ?1)
             OR other.target IN (SELECT digest FROM image_digests WHERE image = ?1)
             OR (other.added, other.rowid) > (image_targets.added, image_targets.rowid)))`,
      [image],
    );
  }
}
