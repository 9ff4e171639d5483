import { chmodSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { RootMount } from '../linux/mounts.ts';
import { runOperations } from '../linux/native.ts';
import { backingFilesystem } from './backing.ts';
import type { Changes } from './diff.ts';
import { DirectoryDriver } from './driver.ts';
import type { SnapshotRecord } from './records.ts';
import type { Usage, WrittenLayer } from './snapshotter.ts';
import { diskUsage } from './usage.ts';

/** The root directory of every subvolume: BTRFS_FIRST_FREE_OBJECTID. */
const rootInode = 256;

/** Every layer and container is a subvolume `<directory>/n`, a snapshot of its parent's: no copying, and no limit of depth. */
export class BtrfsDriver extends DirectoryDriver {
  readonly driver = 'btrfs';
  readonly whiteouts = 'apply';

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

  protected override async makeLayer(
    directory: string,
    parent: string | null,
    parentReady: Promise<void>,
    write: (directory: string) => Promise<WrittenLayer>,
  ): Promise<void> {
    await parentReady;
    await this.makeWritable(directory, parent === null ? null : this.record(parent));
    await write(directory);
  }

  /** The whole tree; what is the parent's in it has the parent's inode numbers and times. */
  protected override ownFiles(record: SnapshotRecord): string {
    return join(this.directory, String(record.number));
  }

  protected override changes(record: SnapshotRecord): Changes {
    return this.besideParent(record);
  }

  /** Compared with the parent's tree, as Docker does. */
  override async usage(key: string): Promise<Usage> {
    const record = this.record(key);
    const below = record.parent === null ? null : this.ownFiles(this.record(record.parent));
    return diskUsage(this.ownFiles(record), below);
  }

  /** At once, where rm(1) would go file by file and stop at a read-only subvolume in it. The space comes back a little later. */
  protected override async discard(directory: string): Promise<void> {
    const stat = lstatSync(directory, { throwIfNoEntry: false });
    if (stat?.ino !== rootInode) return super.discard(directory);
    await runOperations([{ op: 'subvolume-delete', side: 'host', path: directory }]);
  }

  mounts(key: string): RootMount {
    return { kind: 'bind', source: this.ownFiles(this.record(key)) };
  }

  /** Nothing, as in Docker. */
  describe(): Record<string, string> {
    return {};
  }
}
