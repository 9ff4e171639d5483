/** What is known of the files of a directory that only this daemon writes, so that nothing is looked at twice. */
import type { IndexEntry } from './index.ts';

type FileEntry = Extract<IndexEntry, { kind: 'file' }>;

/** What outlives the daemon. Each part is asked for when it is needed, and told when it has changed. */
export interface KeptKnowledge {
  /** How many entries the directory has. */
  size: number;
  digests(): [identity: string, digest: string][];
  saveDigests(digests: [string, string][]): void;
  /** Of the directory as it is: somebody who changes anything in it forgets them. */
  listings(): [key: string, entries: StoredEntry[]][];
  saveListings(listings: [string, StoredEntry[]][]): void;
}

/** JSON has no number for nanoseconds. */
export type StoredEntry = Record<string, unknown>;

export class KnownFiles {
  readonly #kept: KeptKnowledge;
  #digests: Map<string, string> | null = null;
  #listings: Map<string, IndexEntry[]> | null = null;
  #isChanged = { digests: false, listings: false };

  constructor(kept: KeptKnowledge) {
    this.#kept = kept;
  }

  /** A file is never written again: one whose inode, size and times are the same is the same. */
  digest = (file: FileEntry): string | undefined => this.#loadedDigests().get(identityOf(file));

  addDigest(file: FileEntry, digest: string): void {
    this.#loadedDigests().set(identityOf(file), digest);
    this.#isChanged.digests = true;
  }

  /** What was listed by these arguments. */
  listing = (key: string): readonly IndexEntry[] | undefined => this.#loadedListings().get(key);

  /** As long as all of them together are not much more than the directory. */
  addListing(key: string, entries: IndexEntry[]): void {
    const listings = this.#loadedListings();
    const all = [...listings.values()].reduce((sum, { length }) => sum + length, entries.length);
    if (all > manyTimes * this.#kept.size + spare) return;
    listings.set(key, entries);
    this.#isChanged.listings = true;
  }

  save(): void {
    if (this.#isChanged.digests) this.#kept.saveDigests(this.#youngest());
    if (this.#isChanged.listings)
      this.#kept.saveListings(
        [...this.#loadedListings()].map(([key, entries]) => [key, entries.map(stored)]),
      );
  }

  /** Those of files that are gone are not kept for ever. */
  #youngest(): [string, string][] {
    const digests = [...this.#loadedDigests()];
    const { size } = this.#kept;
    return digests.length > 2 * size + spare ? digests.slice(digests.length - size) : digests;
  }

  #loadedDigests = () => (this.#digests ??= new Map(this.#kept.digests()));

  #loadedListings = () =>
    (this.#listings ??= new Map(this.#kept.listings().map(([key, entries]) => [key, entries.map(revived)])));
}

const spare = 100;
const manyTimes = 4;

const identityOf = ({ inode, size, mtime, ctime }: FileEntry): string => `${inode} ${size} ${mtime} ${ctime}`;

const stored = (entry: IndexEntry): StoredEntry =>
  entry.kind === 'missing'
    ? { ...entry }
    : { ...entry, mtime: String(entry.mtime), ctime: String(entry.ctime) };

const revived = (entry: StoredEntry): IndexEntry =>
  (entry.kind === 'missing'
    ? entry
    : { ...entry, mtime: BigInt(String(entry.mtime)), ctime: BigInt(String(entry.ctime)) }) as IndexEntry;
