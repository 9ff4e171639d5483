/** The files of a rotated log, oldest first, and where in them the last N lines begin. */
import { statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';

const blockSize = 64 * 1024;
const newline = 10;

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

export interface LogFile {
  handle: FileHandle;
  /** Names the file whatever it is called now. */
  inode: number;
}

/**
 * <path>.2, <path>.1, <path>, oldest first. A rotation meanwhile moves every file to a higher number, so they are opened from
 * the newest on: one may then be met twice (and is kept once), none is missed but those that are newer than all of
 * these. Their order is what the names say afterwards.
 */
export async function openLogFiles(path: string, maxFiles: number): Promise<LogFile[]> {
  const files = new Map<number, LogFile>();
  for (const name of namesOf(path, maxFiles)) {
    const handle = await openIfThere(name);
    if (handle === null) continue;
    const inode = (await handle.stat()).ino;
    if (files.has(inode)) await handle.close();
    else files.set(inode, { handle, inode });
  }
  const newestFirst = agesNow(path, maxFiles);
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
    return { index: Math.max(0, files.length - 1), offset: last ? (await last.handle.stat()).size : 0 };
  }
  let missing = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    if (file === undefined) continue;
    const found = await tailOffset(file.handle, missing);
    if (found.offset !== null) return { index, offset: found.offset };
    missing -= found.lines;
  }
  return { index: 0, offset: 0 };
}

/** offset null: the file has fewer lines. */
async function tailOffset(
  file: FileHandle,
  wanted: number,
): Promise<{ offset: number | null; lines: number }> {
  const block = Buffer.allocUnsafe(blockSize);
  const { size } = await file.stat();
  let lines = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - blockSize);
    const { bytesRead } = await file.read(block, 0, end - start, start);
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
