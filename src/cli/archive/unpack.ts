/**
 * A tar becomes files of this machine, as `docker cp` makes them: they belong to whoever runs the command, nothing but a
 * directory replaces a directory, and links that lead out of the destination are refused.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { cleanPath } from '../../lib/clean-path.ts';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { type CopyPlan, renamed } from './copy-plan.ts';
import { Directories } from './directories.ts';
import { type Member, readMembers } from './members.ts';
import { isNode, makeNode } from './nodes.ts';
import { dir, join } from './paths.ts';
import type { TarHeader } from './tar-header.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** `renames` are applied to every name, in order. */
export async function unpack(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  renames: readonly CopyPlan['rename'][],
): Promise<void> {
  using directories = new Directories(directory);
  const unpacker = new Unpacker(directories);
  const rename = (name: string) => renames.reduce(renamed, name);
  for await (const member of readMembers(archive)) {
    const { header } = member;
    header.name = rename(header.name);
    if (header.type === 'link') header.linkName = rename(header.linkName);
    await unpacker.make(member);
  }
  unpacker.finish();
}

class Unpacker {
  /** Their times are set last: what is made in them would change them. */
  readonly #times: { parts: string[]; mtime: number }[] = [];

  constructor(private readonly directories: Directories) {}

  async make(member: Member): Promise<void> {
    const { header } = member;
    const parts = this.#partsOf(header.name);
    // The directory itself stays what it is.
    if (parts.length === 0) return;
    const path = this.directories.entry(parts);
    const shown = this.directories.shown(parts);
    try {
      if (header.type === 'file') return await this.#makeFile(path, shown, member);
      const exists = this.#clear(path, shown, header.type === 'directory');
      if (header.type === 'directory') this.#makeDirectory(path, parts, header, exists);
      else if (header.type === 'symlink') this.#makeSymlink(path, shown, header);
      else if (header.type === 'link') this.#makeLink(path, shown, header);
      else if (isNode(header.type)) makeNode(path, header.type, header, shown);
    } catch (error) {
      throw error instanceof ExitError ? error : new ExitError(`${verb(error)} ${shown}: ${reasonOf(error)}`);
    }
  }

  /** Of a name in the archive, beneath the destination. */
  #partsOf(name: string): string[] {
    const cleaned = cleanPath(name);
    if (cleaned === '..' || cleaned.startsWith('../'))
      throw new ExitError(
        `${JSON.stringify(cleaned)} is outside of ${JSON.stringify(this.directories.path)}`,
      );
    return cleaned.split('/').filter((part) => part !== '' && part !== '.');
  }

  /** Makes room; true when there is a directory where one is wanted. */
  #clear(path: Buffer, shown: string, wantsDirectory: boolean): boolean {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return false;
    const isDirectory = found.isDirectory();
    if (isDirectory && wantsDirectory) return true;
    const [there, here] = isDirectory ? ['directory', 'non-directory'] : ['non-directory', 'directory'];
    if (isDirectory !== wantsDirectory)
      throw new ExitError(
        `cannot overwrite ${there} ${JSON.stringify(shown)} with ${here} ${JSON.stringify(this.directories.path)}`,
      );
    rmSync(path);
    return false;
  }

  /** Most often there is nothing in the way: a look first would be one system call more for each file. */
  async #makeFile(path: Buffer, shown: string, member: Member): Promise<void> {
    let fd = createFile(path, member.header);
    if (fd === null) {
      this.#clear(path, shown, false);
      fd = createFile(path, member.header);
    }
    if (fd === null) throw new ExitError(`open ${shown}: file exists`);
    await fillFile(fd, path, member);
  }

  #makeDirectory(path: Buffer, parts: string[], { mode, mtime }: TarHeader, exists: boolean): void {
    if (!exists) mkdirSync(path, mode);
    // Through the directory itself: a link may stand at its name by now.
    chmodSync(this.directories.entry([...parts, '.']), mode);
    this.#times.push({ parts, mtime });
  }

  #makeSymlink(path: Buffer, shown: string, { linkName, mtime }: TarHeader): void {
    const target = Buffer.from(linkName, 'latin1');
    if (!join(dir(shown), target.toString()).startsWith(this.directories.path))
      throw new ExitError(`invalid symlink ${JSON.stringify(shown)} -> ${JSON.stringify(target.toString())}`);
    symlinkSync(target, path);
    lutimesSync(path, mtime, mtime);
  }

  #makeLink(path: Buffer, shown: string, { linkName }: TarHeader): void {
    const target = this.#partsOf(linkName);
    if (target.length === 0) throw new ExitError(`invalid hardlink ${JSON.stringify(shown)}`);
    // One tree holds one directory open, and here two are needed.
    using others = new Directories(this.directories.path);
    linkSync(others.entry(target), path);
  }

  finish(): void {
    for (const { parts, mtime } of this.#times.reverse())
      lutimesSync(this.directories.entry([...parts, '.']), mtime, mtime);
  }
}

/** null when something is there already. */
function createFile(path: Buffer, { mode }: TarHeader): number | null {
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
    throw error;
  }
}

/** What cannot be completed is removed. */
async function fillFile(fd: number, path: Buffer, member: Member): Promise<void> {
  const { mode, mtime } = member.header;
  try {
    await member.data((bytes) => writeAllTo(fd, bytes));
    fchmodSync(fd, mode);
    futimesSync(fd, mtime, mtime);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function writeAllTo(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** The system call that failed, as Go names it in its messages. */
function verb(error: unknown): string {
  return error instanceof Error && 'syscall' in error ? String(error.syscall) : 'open';
}
