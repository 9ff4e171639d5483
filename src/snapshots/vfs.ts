import { chmodSync, mkdirSync } from 'node:fs';
import { internal } from '../lib/errors.ts';
import { backingFilesystem } from './backing.ts';
import type { SnapshotRecord } from './records.ts';
import { TreeDriver } from './tree-driver.ts';

/** A full copy for every layer and container: slow and large, but it works on every file system. */
export class VfsDriver extends TreeDriver {
  readonly driver = 'vfs';

  status(): [string, string][] {
    return [['Backing Filesystem', backingFilesystem(this.directory)]];
  }

  protected override async makeWritable(directory: string, parent: SnapshotRecord | null): Promise<void> {
    mkdirSync(directory);
    chmodSync(directory, 0o755);
    if (parent !== null) await copyTree(this.ownFiles(parent), directory);
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
