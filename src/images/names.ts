import type { Database } from '../lib/database.ts';
import type { Digest } from '../lib/ids.ts';
import { familiarRepository } from '../lib/reference.ts';

/** A tag (`tag` set) or a digest reference (`digest` set) of an image. `repository` is canonical: docker.io/library/x. */
export type Reference =
  | { kind: 'tag'; repository: string; tag: string }
  | { kind: 'digest'; repository: string; digest: Digest };

/** An image, and which of its targets (a manifest, or an index that leads to it) is meant. */
export interface Located {
  image: Digest;
  target: Digest;
}

/** "busybox:latest", "busybox@sha256:…" */
export function formatReference(reference: Reference): string {
  const name = familiarRepository(splitRepository(reference.repository));
  return reference.kind === 'tag' ? `${name}:${reference.tag}` : `${name}@${reference.digest}`;
}

export function splitRepository(repository: string): { domain: string; path: string } {
  const slash = repository.indexOf('/');
  return { domain: repository.slice(0, slash), path: repository.slice(slash + 1) };
}

/** What references point at. A digest reference names its target by itself. */
export class Names {
  constructor(private readonly db: Database) {}

  set(reference: Reference, { image, target }: Located): void {
    if (reference.kind === 'tag')
      this.db.run('INSERT OR REPLACE INTO image_names (repository, tag, image, target) VALUES (?, ?, ?, ?)', [
        reference.repository,
        reference.tag,
        image,
        target,
      ]);
    else
      this.db.run('INSERT OR REPLACE INTO image_digests (repository, digest, image) VALUES (?, ?, ?)', [
        reference.repository,
        reference.digest,
        image,
      ]);
  }

  delete(reference: Reference): void {
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

  find(reference: Reference): Located | null {
    return reference.kind === 'tag'
      ? this.db
          .query<Located, [string, string]>(
            'SELECT image, target FROM image_names WHERE repository = ? AND tag = ?',
          )
          .get(reference.repository, reference.tag)
      : this.db
          .query<Located, [string, string]>(
            'SELECT image, digest AS target FROM image_digests WHERE repository = ? AND digest = ?',
          )
          .get(reference.repository, reference.digest);
  }

  /** Tags first, then digests, each in order of name. */
  of(image: Digest): Reference[] {
    const tags = this.db
      .query<{ repository: string; tag: string }, [string]>(
        'SELECT repository, tag FROM image_names WHERE image = ? ORDER BY repository, tag',
      )
      .all(image);
    const digests = this.db
      .query<{ repository: string; digest: Digest }, [string]>(
        'SELECT repository, digest FROM image_digests WHERE image = ? ORDER BY repository, digest',
      )
      .all(image);
    return [
      ...tags.map((row) => ({ kind: 'tag' as const, ...row })),
      ...digests.map((row) => ({ kind: 'digest' as const, ...row })),
    ];
  }

  tagsOf(repository: string): (Located & { tag: string })[] {
    return this.db
      .query<Located & { tag: string }, [string]>(
        'SELECT tag, image, target FROM image_names WHERE repository = ? ORDER BY tag',
      )
      .all(repository);
  }

  /** Repositories that have a name for an image with this blob: where a registry may mount it from. */
  repositoriesWith(blob: Digest): string[] {
    return this.db
      .query<{ repository: string }, [string]>(
        `SELECT DISTINCT repository FROM image_digests JOIN target_blobs
           ON target_blobs.image = image_digests.image AND target_blobs.target = image_digests.digest
         WHERE target_blobs.digest = ? ORDER BY repository`,
      )
      .all(blob)
      .map((row) => row.repository);
  }

  /** Every name of `from` points at `to` instead. */
  retarget(image: Digest, from: Digest, to: Digest): void {
    this.db.run('UPDATE image_names SET target = ?3 WHERE image = ?1 AND target = ?2', [image, from, to]);
  }
}
