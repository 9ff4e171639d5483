import type { RootMount } from '../linux/mounts.ts';

/** How layers become root file systems. One contract suite runs over every implementation. */

/** Disk use of one snapshot alone, in bytes (hard links counted once). */
export interface Usage {
  bytes: number;
  inodes: number;
}

/** What the writer of a layer tells about it. */
export interface WrittenLayer {
  /** Directories that it made although the layer did not describe them (paths as bytes in Latin-1, "" the root): they take owner, mode and times from the layer below. */
  implied: readonly string[];
}

export interface DiffOptions {
  signal: AbortSignal;
  /**
   * Where the engine may have made something to mount on ("etc/hosts"). Left out while it is empty, together with the directories
   * that hold it when nothing else is new about them.
   */
  mountPoints: readonly string[];
  /** Later times of files become this one, in seconds since the epoch. */
  newest?: number;
}

/** A path of a snapshot that is not as in its parent. */
export interface ChangedPath {
  /** Absolute. */
  path: string;
  kind: 'modified' | 'added' | 'deleted';
}

/**
 * Snapshots are named by key: a ChainID for a committed layer, a container id for a writable one. All state lives under
 * one directory (mode 0710, CVE-2021-41091) and in the engine's database; every method is one transaction.
 */
export interface Snapshotter {
  /** As `docker info` names it: overlay2, fuse-overlayfs, btrfs, vfs. */
  readonly driver: string;
  /** driverstatus rows of `docker info`. */
  status(): [string, string][];
  /**
   * Unpacks a layer: `write` gets an empty directory (plus, for drivers that copy, the parent's content) and must fill it;
   * when it resolves the layer is committed under `chainId`, when it throws nothing is left. Already there: `write` is not called.
   * `parent` may still be on its way (an earlier call that has not resolved): drivers whose layers do not depend on each
   * other write both at once and only commit in order.
   */
  unpack(
    chainId: string,
    parent: string | null,
    write: (directory: string) => Promise<WrittenLayer>,
  ): Promise<void>;
  /** In which form `write` must leave deleted files: as overlayfs marks, or really deleted. */
  readonly whiteouts: 'overlay' | 'apply';
  has(key: string): boolean;
  /** A writable snapshot on top of `parent` (null = empty). Cost: a directory or two. */
  prepare(key: string, parent: string | null): Promise<void>;
  /** How to mount `key`: read-write when it was prepared, read-only when committed. */
  mounts(key: string): RootMount;
  /**
   * What `key` has over its parent, as a plain OCI layer tar: members in order of name, whiteouts for what is gone, an empty
   * archive (1024 zeros) for no change. A container may run on it meanwhile: then the archive is whole all the same, but
   * of no single moment. Ending the iteration early ends the reading. Throws notFound at once for an unknown key.
   */
  diff(key: string, options: DiffOptions): AsyncIterable<Uint8Array>;
  /** The names of that, by name; a directory is modified when something in it is. */
  changedPaths(key: string, options: DiffOptions): Promise<ChangedPath[]>;
  /** The directory that holds (at least) the files of a committed layer, under the names that they have in it. */
  layerDirectory(key: string): string;
  /** Everything that the snapshot has on disk is in this directory. */
  pathOf(key: string): string;
  /** What the snapshot itself holds, without its parents. */
  usage(key: string): Promise<Usage>;
  /** For GraphDriver.Data of inspect. */
  describe(key: string): Record<string, string>;
  /** Throws conflict while another snapshot stands on it. Unknown keys are ignored. */
  remove(key: string): Promise<void>;
  /** What records and directories disagree about: keys whose directory is gone, paths that no record explains. */
  audit(): { missing: string[]; orphans: string[] };
  /** Removes what `audit` called an orphan, if it still is one. */
  removeOrphan(path: string): Promise<void>;
  /** Makes the missing directory of a committed layer again, under the old record. `write` as in `unpack`. */
  restore(key: string, write: (directory: string) => Promise<WrittenLayer>): Promise<void>;
  /** Every key with its parent, for recovery and fsck. */
  list(): { key: string; parent: string | null; committed: boolean }[];
}
