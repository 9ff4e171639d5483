/** The local driver: a volume is <directory>/<name>/_data, or whatever its options say is mounted there. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { internal, invalid, messageOf } from '../lib/errors.ts';
import type { Name } from '../lib/ids.ts';
import { CLONE, MS } from '../linux/flags.ts';
import type { RootMount } from '../linux/mounts.ts';
import { runOperations } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { rootOperations } from '../linux/root-mount.ts';
import { unmount } from '../linux/unmount.ts';
import type { Volume } from './model.ts';
import { type VolumeMount, volumeMount } from './mount-options.ts';

export class LocalDriver {
  readonly #directory: string;
  /** Where an image is mounted while files are copied from it, in a mount namespace of its own. */
  readonly #scratch: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#scratch = join(directory, '.root');
    makeDirectory(directory, 0o701);
    makeDirectory(this.#scratch, 0o700);
  }

  mountpoint(name: Name): string {
    return join(this.#directory, name, '_data');
  }

  checkOptions(name: Name, options: Record<string, string>): void {
    try {
      volumeMount(options);
    } catch (error) {
      throw invalid(`create ${name}: ${messageOf(error)}`);
    }
  }

  /** Others may pass through to the data (a container's user does), but not look at what else is there: as in Docker. */
  create(name: Name): void {
    makeDirectory(join(this.#directory, name), 0o701);
    makeDirectory(this.mountpoint(name), 0o755);
  }

  /** Names of what is on disk, volume or not. */
  names(): string[] {
    return readdirSync(this.#directory).filter((name) => join(this.#directory, name) !== this.#scratch);
  }

  exists(name: Name): boolean {
    return existsSync(this.mountpoint(name));
  }

  /** Mounts what the options say, unless it is mounted. It stays until the volume is removed. */
  async mount(volume: Volume): Promise<void> {
    const mount = volumeMount(volume.options);
    if (!mount || isMounted(volume.mountpoint)) return;
    try {
      await runOperations(mountOperations(mount, volume.mountpoint));
    } catch (error) {
      const what = `mount ${mount.source}:${volume.mountpoint}, data: ${mount.data}`;
      throw internal(`failed to mount local volume: ${what}: ${messageOf(error)}`);
    }
  }

  /** Deletes the files; never those of a device or directory that was mounted. */
  async remove(volume: Volume): Promise<void> {
    if (isMounted(volume.mountpoint)) unmount(volume.mountpoint);
    await rm(join(this.#directory, volume.name), { recursive: true, force: true });
  }

  /** Runs in a mount namespace of its own: the image's root is seen by nobody else, and unmounts itself. */
  async copyUp(volume: Volume, root: RootMount, target: string): Promise<void> {
    if (readdirSync(volume.mountpoint).length > 0) return;
    const { server, mount } = rootOperations(root, this.#scratch, 'host');
    await runOperations([
      ...server,
      { op: 'unshare', side: 'host', flags: CLONE.NEWNS },
      { op: 'propagation', side: 'host', path: '/', flags: MS.REC | MS.PRIVATE },
      mount,
      { op: 'root', side: 'host', path: this.#scratch },
      { op: 'copy-up', side: 'host', target, path: volume.mountpoint },
    ]);
  }

  /** Bytes of all files, hard links once. Files that vanish meanwhile count nothing. */
  async usage(volume: Volume): Promise<number> {
    return sizeOf(volume.mountpoint, new Set());
  }
}

/** A bind mount takes MS_RDONLY and its like only when it is mounted a second time (mount(2)). */
function mountOperations(mount: VolumeMount, path: string): Operation[] {
  const operation = (flags: number): Operation => ({
    op: 'mount-root',
    side: 'host',
    path,
    cwd: '',
    ...mount,
    flags,
  });
  const restrictions = mount.flags & ~(MS.BIND | MS.REC);
  if ((mount.flags & MS.BIND) === 0 || restrictions === 0) return [operation(mount.flags)];
  return [operation(mount.flags), operation(restrictions | MS.BIND | MS.REMOUNT)];
}

function makeDirectory(path: string, mode: number): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true });
  // mkdir's mode is subject to the umask.
  chmodSync(path, mode);
}

async function sizeOf(directory: string, seen: Set<string>): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  let total = 0;
  for (const name of names) {
    const path = join(directory, name);
    const entry = await lstat(path).catch(() => null);
    if (entry?.isDirectory()) total += await sizeOf(path, seen);
    else if (entry) {
      const inode = `${entry.dev}:${entry.ino}`;
      if (entry.nlink > 1 && seen.has(inode)) continue;
      if (entry.nlink > 1) seen.add(inode);
      total += entry.size;
    }
  }
  return total;
}

/** By /proc/self/mountinfo, whose fifth field escapes blanks in octal; volume names have none, the data root may. */
function isMounted(path: string): boolean {
  const escaped = path.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === escaped);
}
