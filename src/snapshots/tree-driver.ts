import type { RootMount } from '../linux/mounts.ts';
import type { Changes } from './diff.ts';
import { DirectoryDriver } from './driver.ts';
import type { SnapshotRecord } from './records.ts';
import type { WrittenLayer } from './snapshotter.ts';

/** Drivers whose snapshots are whole trees, each begun as its parent's: a layer is written into a copy of what is below it. */
export abstract class TreeDriver extends DirectoryDriver {
  readonly whiteouts = 'apply';

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

  protected override ownFiles(record: SnapshotRecord): string {
    return this.path(record.number);
  }

  protected override changes(record: SnapshotRecord): Changes {
    return { in: 'tree', directory: this.ownFiles(record), parent: this.parentFiles(record) };
  }

  protected parentFiles(record: SnapshotRecord): string | null {
    return record.parent === null ? null : this.ownFiles(this.record(record.parent));
  }

  mounts(key: string): RootMount {
    return { kind: 'bind', source: this.ownFiles(this.record(key)) };
  }
}
