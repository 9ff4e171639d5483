/** Writes a tar stream of this machine's files, in chunks. */
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { block, encodeHeader, padding, type TarHeader, type TarType } from './tar-header.ts';

const chunkSize = 1 << 20;

/** Bytes are collected in one buffer: what was yielded is overwritten afterwards. */
export class TarWriter {
  readonly #buffer = Buffer.allocUnsafe(chunkSize);
  #used = 0;
  /** Inodes with several names: the first of them. */
  readonly #linked = new Map<string, string>();

  /** `owner`: whose every member is; null = as on disk. */
  constructor(private readonly owner: Pick<TarHeader, 'uid' | 'gid'> | null) {}

  /** `name` as it is in the archive, without a slash at the end. */
  *directory(name: string, status: Stats): Generator<Uint8Array> {
    yield* this.#header(status, 'directory', { name: `${name}/` });
  }

  /** Anything else. What no archive can have (a socket) is left out. */
  *leaf(path: string | Buffer, name: string, status: Stats): Generator<Uint8Array> {
    const type = typeOf(status);
    if (type === null) return;
    if (type === 'file') yield* this.#file(path, name);
    else if (!(yield* this.#again(name, status))) {
      const linkName = type === 'symlink' ? readlinkSync(path, 'latin1') : '';
      yield* this.#header(status, type, { name, linkName });
    }
  }

  *end(): Generator<Uint8Array> {
    yield* this.#zeros(2 * block);
    yield* this.#flush();
  }

  /** Opened first and asked afterwards: the answers are about the file whose bytes follow. */
  *#file(path: string | Buffer, name: string): Generator<Uint8Array> {
    const fd = openFile(path);
    try {
      const status = fstatSync(fd);
      if (!status.isFile() || (yield* this.#again(name, status))) return;
      yield* this.#header(status, 'file', { name, size: status.size });
      yield* this.#data(fd, status.size);
    } finally {
      closeSync(fd);
    }
  }

  /** True when the file is in the archive under another name, to which this one is a link. */
  *#again(name: string, status: Stats): Generator<Uint8Array, boolean> {
    if (status.nlink < 2) return false;
    const inode = `${status.dev}:${status.ino}`;
    const first = this.#linked.get(inode);
    if (first === undefined) this.#linked.set(inode, name);
    else yield* this.#header(status, 'link', { name, linkName: first });
    return first !== undefined;
  }

  /** Exactly `size` bytes, whatever the file has become. */
  *#data(fd: number, size: number): Generator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.#used === chunkSize) yield* this.#flush();
      const count = readSync(fd, this.#buffer, this.#used, Math.min(left, chunkSize - this.#used), null);
      if (count === 0) return yield* this.#zeros(left + padding(size));
      this.#used += count;
      left -= count;
    }
    yield* this.#zeros(padding(size));
  }

  *#bytes(bytes: Buffer): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#used === chunkSize) yield* this.#flush();
      const count = bytes.copy(this.#buffer, this.#used, at);
      this.#used += count;
      at += count;
    }
  }

  *#zeros(size: number): Generator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.#used === chunkSize) yield* this.#flush();
      const count = Math.min(left, chunkSize - this.#used);
      this.#buffer.fill(0, this.#used, this.#used + count);
      this.#used += count;
      left -= count;
    }
  }

  *#flush(): Generator<Uint8Array> {
    yield this.#buffer.subarray(0, this.#used);
    this.#used = 0;
  }

  *#header(
    status: Stats,
    type: TarType,
    own: Pick<TarHeader, 'name'> & Partial<TarHeader>,
  ): Generator<Uint8Array> {
    yield* this.#bytes(encodeHeader({ ...headerOf(status, type, own), ...this.owner }));
  }
}

function openFile(path: string | Buffer): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new ExitError(`open ${path}: ${reasonOf(error)}`);
  }
}

/** null: no archive can have it. */
export function typeOf(status: Stats): TarType | null {
  if (status.isFile()) return 'file';
  if (status.isDirectory()) return 'directory';
  if (status.isSymbolicLink()) return 'symlink';
  if (status.isFIFO()) return 'fifo';
  if (status.isCharacterDevice()) return 'char';
  return status.isBlockDevice() ? 'block' : null;
}

function headerOf(
  status: Stats,
  type: TarType,
  own: Pick<TarHeader, 'name'> & Partial<TarHeader>,
): TarHeader {
  const device = type === 'char' || type === 'block' ? status.rdev : 0;
  return {
    type,
    linkName: '',
    mode: status.mode & 0o7777,
    uid: status.uid,
    gid: status.gid,
    size: 0,
    mtime: Math.floor(status.mtimeMs / 1000),
    ...deviceNumbers(device),
    ...own,
  };
}

/** makedev(3). */
function deviceNumbers(device: number): { major: number; minor: number } {
  const high = Math.floor(device / 2 ** 32);
  const low = device % 2 ** 32;
  return {
    major: ((low >>> 8) & 0xfff) + (high & 0xfffff000),
    minor: (low & 0xff) + ((low >>> 12) & 0xfff00) + (high & 0xfff) * 2 ** 20,
  };
}
