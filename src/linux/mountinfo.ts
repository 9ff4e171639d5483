/** proc_pid_mountinfo(5). */
import { readFileSync } from 'node:fs';

export interface MountEntry {
  id: number;
  parent: number;
  /** major:minor of the file system. */
  device: string;
  /** Directory of the file system that is mounted here. */
  root: string;
  mountPoint: string;
  options: string[];
  /** Optional fields: shared:N, master:N, propagate_from:N, unbindable. */
  tags: string[];
  fstype: string;
  source: string;
  superOptions: string[];
}

const decodeOctal = (text: string) =>
  text.includes('\\')
    ? text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
    : text;

function parseLine(line: string): MountEntry | null {
  const separator = line.indexOf(' - ');
  if (separator < 0) return null;
  const [id, parent, device, root, mountPoint, options, ...tags] = line.slice(0, separator).split(' ');
  const [fstype, source, superOptions] = line.slice(separator + 3).split(' ');
  if (mountPoint === undefined || fstype === undefined) return null;
  return {
    id: Number(id),
    parent: Number(parent),
    device: device ?? '',
    root: decodeOctal(root ?? '/'),
    mountPoint: decodeOctal(mountPoint),
    options: (options ?? '').split(','),
    tags,
    fstype,
    source: decodeOctal(source ?? ''),
    superOptions: (superOptions ?? '').split(','),
  };
}

export function parseMountinfo(text: string): MountEntry[] {
  return text
    .split('\n')
    .map(parseLine)
    .filter((entry) => entry !== null);
}

export function readMountinfo(pid: number | 'self' = 'self'): MountEntry[] {
  return parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
}

/** The mount that `path` (absolute, without symlinks) is on: the deepest mount point, the latest of equals. */
export function mountOf(path: string, mounts: readonly MountEntry[]): MountEntry | undefined {
  let found: MountEntry | undefined;
  for (const mount of mounts) {
    const prefix = mount.mountPoint === '/' ? '/' : `${mount.mountPoint}/`;
    if (path !== mount.mountPoint && !path.startsWith(prefix)) continue;
    if (!found || mount.mountPoint.length >= found.mountPoint.length) found = mount;
  }
  return found;
}
