import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { internal } from '../lib/errors.ts';
import type { RootMount } from '../linux/mounts.ts';
import { backingFilesystem } from './backing.ts';
import type { Changes } from './diff.ts';
import { DirectoryDriver } from './driver.ts';
import type { SnapshotRecord } from './records.ts';
import type { WrittenLayer } from './snapshotter.ts';

/** A full copy for every layer and container: slow and large, but it works on every file system. */
export class VfsDriver extends DirectoryDriver {
  readonly driver = 'vfs';
  readonly whiteouts = 'apply';

  status(): [string, string][] {
    return [['Backing Filesystem', backingFilesystem(this.directory)]];
  }

  protected override async makeWritable(directory: string, parent: SnapshotRecord | null): Promise<void> {
    mkdirSync(directory);
    chmodSync(directory, 0o755);
    if (parent !== null) await copyTree(this.ownFiles(parent), directory);
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

  protected override ownFiles(record: SnapshotRecord): string {
    return join(this.directory, String(record.number));
  }

  protected override changes(record: SnapshotRecord): Changes {
    return this.besideParent(record);
  }

  mounts(key: string): RootMount {
    return { kind: 'bind', source: this.ownFiles(this.record(key)) };
  }

  describe(key: string): Record<string, string> {
    return { Dir: this.ownFiles(this.record(key)) };
  }
}

/** cp(1) keeps hard links, devices, holes, times and extended attributes, and shares blocks where the file system can. */
async function copyTree(from: string, to: string): Promise<void> {
  const child = Bun.spawn(['cp', '-a', '--reflink=auto', `${from}/.`, to], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const [code, message] = await Promise.all([child.exited, child.stderr.text()]);
  if (code !== 0) throw internal(`copy ${from}: ${message.trim().slice(0, 1000)}`);
}
