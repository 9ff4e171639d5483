/** How a volume of the data root is kept to its size: by the file system when that can, else as a file system of its own. */
import { existsSync, mkdirSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { internal, unsupported } from '../../lib/errors.ts';
import { runOperations } from '../../linux/native.ts';
import { unmount } from '../../linux/unmount.ts';
import { mountDevice } from './mounts.ts';
import { isBtrfs } from './trees.ts';

export type Limiter = 'qgroup' | 'image';

/** As inspect tells it. */
export const limiterNames: Record<Limiter, string> = {
  qgroup: 'btrfs qgroup',
  image: 'ext4 loop image',
};

export const limiterFor = (directory: string): Limiter => (isBtrfs(directory) ? 'qgroup' : 'image');

export async function limitSubvolume(path: string, bytes: number): Promise<void> {
  await runOperations([{ op: 'subvolume-limit', side: 'host', path, bytes }]);
}

const makers = ['/usr/sbin/mkfs.ext4', '/sbin/mkfs.ext4'];

function imageMaker(): string {
  const program = Bun.which('mkfs.ext4') ?? makers.find((path) => existsSync(path));
  if (program !== undefined && program !== null) return program;
  throw unsupported(
    'a size on this file system needs the program mkfs.ext4 (Debian: apt-get install e2fsprogs)',
  );
}

/** An empty file system of `bytes` in a sparse file. */
export async function makeImage(path: string, bytes: number): Promise<void> {
  const program = imageMaker();
  writeFileSync(path, '', { mode: 0o600 });
  truncateSync(path, bytes);
  const child = Bun.spawn([program, '-q', '-F', '-m', '0', '-E', 'root_owner=0:0', path], {
    env: {},
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const [message, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw internal(`mkfs.ext4 cannot make a file system of ${bytes} bytes: ${message.trim()}`);
}

export async function mountImage(path: string, directory: string): Promise<void> {
  await mountDevice({ source: path, fstype: 'ext4', flags: 0, data: '' }, directory);
}

/** A fresh image is not empty: mkfs makes a directory for fsck, and a volume that is not empty is not copied up into. */
export async function fillImage(
  path: string,
  directory: string,
  fill: (directory: string) => Promise<void>,
): Promise<void> {
  mkdirSync(directory, { mode: 0o755 });
  await mountImage(path, directory);
  try {
    rmdirSync(join(directory, 'lost+found'));
    await fill(directory);
  } finally {
    unmount(directory);
  }
}

/** Bytes of the blocks that the image has taken by now. */
export const imageBytes = (path: string) => statSync(path).blocks * 512;
