/** The files of a rotated log, oldest first, and where in them the last N lines begin. */
import { close, fstat, fstatSync, openSync, read, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { isErrno } from '../linux/errno.ts';

const blockSize = 64 * 1024;
const newline = 10;

export interface LogFile {
  fd: number;
  /** Names the file whatever it is called now. */
  inode: number;
}

const readDescriptor = promisify(read);
const closeDescriptor = promisify(close);
const statDescriptor = promisify(fstat);

/** Bytes read at `offset`; 0 at the end. */
export async function readAt(
  { fd }: LogFile,
  block: Buffer,
  length: number,
  offset: number,
): Promise<number> {
  return (await readDescriptor(fd, block, 0, length, offset)).bytesRead;
}

export async function closeLogs(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map(({ fd }) => closeDescriptor(fd)));
}

const sizeOf = async ({ fd }: LogFile) => (await statDescriptor(fd)).size;

function openIfThere(path: string): LogFile | null {
  try {
    const fd = openSync(path, 'r');
    return { fd, inode: fstatSync(fd).ino };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * <path>.2, <path>.1, <path>, oldest first. A rotation meanwhile moves every file to a higher number, so they are opened from
 * the newest on: one may then be met twice (and is kept once), none is missed but those that are newer than all of
 * these. All at once (a few microseconds each), so that little can happen meanwhile; what the names say afterwards decides.
 */
export async function openLogFiles(path: string, maxFiles: number): Promise<LogFile[]> {
  const files = new Map<number, LogFile>();
  const twice: LogFile[] = [];
  for (const name of namesOf(path, maxFiles)) {
    const file = openIfThere(name);
    if (file === null) continue;
    if (files.has(file.inode)) twice.push(file);
    else files.set(file.inode, file);
  }
  const newestFirst = agesNow(path, maxFiles);
  await closeLogs(twice);
  // What has no name any more was rotated away: it is older than all that have one.
  const age = ({ inode }: LogFile) => newestFirst.get(inode) ?? Number.POSITIVE_INFINITY;
  return [...files.values()].reverse().sort((a, b) => (age(a) === age(b) ? 0 : age(b) - age(a)));
}

const namesOf = (path: string, maxFiles: number) =>
  Array.from({ length: maxFiles + 1 }, (_, n) => (n === 0 ? path : `${path}.${n}`));

/** Inodes to ages, 0 the newest: looked up without a pause until two looks agree, since the shim may rotate in between. */
function agesNow(path: string, maxFiles: number): Map<number, number> {
  const look = () =>
    namesOf(path, maxFiles).flatMap((name) => statSync(name, { throwIfNoEntry: false })?.ino ?? []);
  let seen = look();
  for (let looks = 1; looks < 100; looks++) {
    const again = look();
    if (again.join() === seen.join()) break;
    seen = again;
  }
  return new Map(seen.map((inode, age) => [inode, age]));
}

/** Where reading begins so that `lines` lines remain: a file and an offset. Reads from the end, a block at a time. */
export async function tailPosition(
  files: readonly LogFile[],
  lines: number,
): Promise<{ index: number; offset: number }> {
  if (lines === 0) {
    const last = files.at(-1);
    return { index: Math.max(0, files.length - 1), offset: last ? await sizeOf(last) : 0 };
  }
  let missing = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    if (file === undefined) continue;
    const found = await tailOffset(file, missing);
    if (found.offset !== null) return { index, offset: found.offset };
    missing -= found.lines;
  }
  return { index: 0, offset: 0 };
}

/** offset null: the file has fewer lines. */
async function tailOffset(file: LogFile, wanted: number): Promise<{ offset: number | null; lines: number }> {
  const block = Buffer.allocUnsafe(blockSize);
  const size = await sizeOf(file);
  let lines = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - blockSize);
    const bytesRead = await readAt(file, block, end - start, start);
    for (let at = bytesRead - 1; at >= 0; at--) {
      // The newline at the very end closes the last line; every other one precedes a line.
      if (block[at] !== newline || start + at === size - 1) continue;
      if (++lines === wanted) return { offset: start + at + 1, lines };
    }
    end = start;
  }
  if (size > 0) lines++;
  return { offset: lines === wanted ? 0 : null, lines };
}
