/** Tries on the data root's own file system what a driver would do there. Each throws the reason why it is not possible. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unsupported } from '../lib/errors.ts';
import { CLONE, MS } from '../linux/flags.ts';
import type { RootMount } from '../linux/mounts.ts';
import { runOperations } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { rootOperations } from '../linux/root-mount.ts';
import { backingFilesystem } from './backing.ts';
import { fuseOverlayfs } from './fuse-overlayfs.ts';
import { overlayOptions } from './overlay2.ts';

const prefix = 'probe-';
const layers = 'lowerdir=lower,upperdir=upper,workdir=work';

/** What layers hold where a file was deleted; an overlay, for one, does not let others make them (ovl_mknod). */
const whiteout: Operation = {
  op: 'mknod',
  side: 'host',
  target: '/whiteout',
  type: 'c',
  major: 0,
  minor: 0,
  mode: 0o600,
  uid: 0,
  gid: 0,
};

/** Mounts a small overlay, in a mount namespace that dies at once. */
export async function probeOverlay(directory: string): Promise<void> {
  const data = [layers, ...overlayOptions()].join(',');
  await inProbe(directory, (cwd) =>
    mountOnce({ kind: 'mount', source: 'overlay', fstype: 'overlay', flags: 0, data, cwd }, cwd),
  );
}

export async function probeFuseOverlayfs(directory: string): Promise<void> {
  const argv = [fuseOverlayfs(), '-f', '-o', layers];
  await inProbe(directory, (cwd) => mountOnce({ kind: 'fuse', source: 'fuse-overlayfs', argv, cwd }, cwd));
}

/** Deleting by id, as `subvolume-delete` does, came with Linux 5.7. */
export async function probeBtrfs(directory: string): Promise<void> {
  const found = backingFilesystem(directory);
  if (found !== 'btrfs') throw unsupported(`it is not on btrfs but on ${found}`);
  await inProbe(directory, async (cwd) => {
    const [layer, above] = [join(cwd, 'layer'), join(cwd, 'above')];
    await runOperations([
      { op: 'subvolume-create', side: 'host', path: layer },
      { op: 'subvolume-snapshot', side: 'host', source: layer, path: above },
      { op: 'subvolume-delete', side: 'host', path: above },
      { op: 'subvolume-delete', side: 'host', path: layer },
    ]);
  });
}

/** What a daemon that died meanwhile left. */
export function removeProbes(directory: string): void {
  for (const name of readdirSync(directory))
    if (name.startsWith(prefix)) rmSync(join(directory, name), { recursive: true, force: true });
}

async function inProbe(directory: string, work: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = mkdtempSync(join(directory, prefix));
  try {
    await work(cwd);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

async function mountOnce(root: RootMount, cwd: string): Promise<void> {
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(cwd, name));
  const { server, mount } = rootOperations(root, join(cwd, 'merged'), 'host');
  await runOperations([
    ...server,
    { op: 'root', side: 'host', path: join(cwd, 'lower') },
    whiteout,
    { op: 'unshare', side: 'host', flags: CLONE.NEWNS },
    { op: 'propagation', side: 'host', path: '/', flags: MS.REC | MS.PRIVATE },
    mount,
  ]);
}
