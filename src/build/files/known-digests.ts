/** Digests of files that need not be read again. */
import type { IndexEntry } from './index.ts';

type FileEntry = Extract<IndexEntry, { kind: 'file' }>;

/**
 * Of the files of one directory that only this daemon writes, and never into a file that is there. So a file whose inode, size and
 * times are the same is the same.
 */
export class KnownDigests {
  readonly #digests: Map<string, string>;
  #changed = false;

  constructor(known: Iterable<readonly [string, string]> = []) {
    this.#digests = new Map(known);
  }

  find = (file: FileEntry): string | undefined => this.#digests.get(identityOf(file));

  add(file: FileEntry, digest: string): void {
    this.#digests.set(identityOf(file), digest);
    this.#changed = true;
  }

  /** What to keep of them, for a directory of `files` files; null: nothing has changed. Those of files that are gone are not kept for ever. */
  save(files: number): [string, string][] | null {
    if (!this.#changed) return null;
    const digests = [...this.#digests];
    return digests.length > 2 * files + spare ? digests.slice(Math.max(0, digests.length - files)) : digests;
  }
}

const spare = 100;

const identityOf = ({ inode, size, mtime, ctime }: FileEntry): string => `${inode} ${size} ${mtime} ${ctime}`;
