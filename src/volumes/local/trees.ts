/** Directories of files: where the file system is btrfs they are subvolumes, which are copied and deleted at once. */
import { chmodSync, lstatSync, mkdirSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { internal, unavailable } from '../../lib/errors.ts';
import { saysFull } from '../../linux/archive-program.ts';
import {
  nativePath,
  OperationFailed,
  runOperations,
  workerError,
  workerOptions,
} from '../../linux/native.ts';

/** f_type of statfs(2). */
const btrfsMagic = 0x9123683e;
/** The root directory of every subvolume: BTRFS_FIRST_FREE_OBJECTID. */
const subvolumeRoot = 256;

export const isBtrfs = (directory: string) => statfsSync(directory).type >>> 0 === btrfsMagic;

function isSubvolume(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.ino === subvolumeRoot && isBtrfs(path);
}

/** `path` must not exist, its directory must. */
export async function makeTree(path: string): Promise<void> {
  if (isBtrfs(dirname(path))) await runOperations([{ op: 'subvolume-create', side: 'host', path }]);
  else mkdirSync(path);
  // Neither asks for a mode that is free of the umask.
  chmodSync(path, 0o755);
}

/** A new tree at `path` with the files of `source` as they are now. When it throws, `path` may be there in part. */
export async function cloneTree(source: string, path: string): Promise<void> {
  if (isSubvolume(source) && isBtrfs(dirname(path)) && (await snapshot(source, path))) return;
  await makeTree(path);
  await copyFiles(source, path);
}

/** false: it is another btrfs. */
async function snapshot(source: string, path: string): Promise<boolean> {
  try {
    await runOperations([{ op: 'subvolume-snapshot', side: 'host', source, path }]);
    return true;
  } catch (error) {
    if (error instanceof OperationFailed && error.errno === 'EXDEV') return false;
    throw error;
  }
}

/** Into an empty directory, by a process that is shut into the two: see native/copy.c. */
export async function copyFiles(source: string, target: string): Promise<void> {
  const child = Bun.spawn([nativePath(), 'copy', source, target], {
    ...workerOptions,
    stdin: 'ignore',
    stdout: 'ignore',
  });
  const [message, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code === 0) return;
  throw copyError(workerError(message) ?? (message.trim() || 'gantry-init copy died'));
}

function copyError(text: string): Error {
  return saysFull(text) ? unavailable(text) : internal(text);
}

export async function removeTree(path: string): Promise<void> {
  if (isSubvolume(path)) await runOperations([{ op: 'subvolume-delete', side: 'host', path }]);
  else await rm(path, { recursive: true, force: true });
}
