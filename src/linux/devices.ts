/** Device nodes of the host: their numbers, and what a directory of them holds. */
import { readdirSync, statSync } from 'node:fs';
import { isErrno } from './errno.ts';

export interface DeviceNode {
  path: string;
  type: 'c' | 'b';
  major: number;
  minor: number;
  /** Permission bits only. */
  mode: number;
  uid: number;
  gid: number;
}

const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;

/** makedev(3) in reverse, as glibc's major() and minor() do. */
export function majorMinor(rdev: number): { major: number; minor: number } {
  const device = BigInt(rdev);
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}

/** The device at `path` (symlinks followed), or null when there is none or it is something else. */
export function deviceAt(path: string): DeviceNode | null {
  try {
    const { mode, rdev, uid, gid } = statSync(path);
    const format = mode & S_IFMT;
    if (format !== S_IFCHR && format !== S_IFBLK) return null;
    return { path, type: format === S_IFCHR ? 'c' : 'b', ...majorMinor(rdev), mode: mode & 0o7777, uid, gid };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return null;
    throw error;
  }
}

/** Numbers of the block device that a path names (or, when it is a file or directory, null). */
export function blockDevice(path: string): { major: number; minor: number } | null {
  const node = deviceAt(path);
  return node?.type === 'b' ? { major: node.major, minor: node.minor } : null;
}

/** Subtrees of /dev that belong to other mounts or to one session, never handed on. */
const skipped = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console']);

/** All devices beneath `directory`, symlinks left out: what --privileged gives and `--device /dev/snd` means. */
export function devicesBeneath(directory: string): DeviceNode[] {
  const found: DeviceNode[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    if (skipped.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...devicesBeneath(path));
    else if (entry.isCharacterDevice() || entry.isBlockDevice()) {
      const node = deviceAt(path);
      if (node) found.push(node);
    }
  }
  return found;
}
