import { chmodSync, lstatSync } from 'node:fs';
import { runOperations } from '../linux/native.ts';
import { backingFilesystem } from './backing.ts';
import type { SnapshotRecord } from './records.ts';
import type { Usage } from './snapshotter.ts';
import { TreeDriver } from './tree-driver.ts';
import { diskUsage } from './usage.ts';

/** The root directory of every subvolume: BTRFS_FIRST_FREE_OBJECTID. */
const rootInode = 256;

/** Every layer and container is a subvolume `<directory>/n`, a snapshot of its parent's: no copying, and no limit of depth. */
export class BtrfsDriver extends TreeDriver {
  readonly driver = 'btrfs';

  /** The row `Btrfs` is Docker's; the version that once stood there was that of a library. */
  status(): [string, string][] {
    return [
      ['Backing Filesystem', backingFilesystem(this.directory)],
      ['Btrfs', ''],
    ];
  }

  protected override async makeWritable(directory: string, parent: SnapshotRecord | null): Promise<void> {
    if (parent !== null) {
      const source = this.ownFiles(parent);
      return runOperations([{ op: 'subvolume-snapshot', side: 'host', source, path: directory }]);
    }
    await runOperations([{ op: 'subvolume-create', side: 'host', path: directory }]);
    chmodSync(directory, 0o755);
  }

  /** Compared with the parent's tree, as Docker does: what is the parent's has its inode numbers and times. */
  override async usage(key: string): Promise<Usage> {
    const record = this.record(key);
    return diskUsage(this.ownFiles(record), this.parentFiles(record));
  }

  /** At once, where rm(1) would go file by file and stop at a read-only subvolume in it. The space comes back a little later. */
  protected override async discard(directory: string): Promise<void> {
    const stat = lstatSync(directory, { throwIfNoEntry: false });
    if (stat?.ino !== rootInode) return super.discard(directory);
    await runOperations([{ op: 'subvolume-delete', side: 'host', path: directory }]);
  }

  /** Nothing, as in Docker. */
  describe(): Record<string, string> {
    return {};
  }
}
