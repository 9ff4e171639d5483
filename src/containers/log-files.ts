/** The files of a rotated log, oldest first, and where in them the last N lines begin. */
import { type FileHandle, open, stat } from 'node:fs/promises';
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

/** Two rotations within one pass are rare, this many passes in a row with two of them rarer. */
const passes = 50;

/**
 * <path>.2, <path>.1, <path>, oldest first. A rotation meanwhile moves every file to a higher number, so they are opened from
 * the newest on: one may then be met twice (and is kept once), none is missed. After two rotations the order would be
 * wrong, so a pass during which the newest file changed is done again.
 */
export async function openLogFiles(path: string, maxFiles: number): Promise<LogFile[]> {
  for (let pass = 1; ; pass++) {
    const files = await openOnce(path, maxFiles);
    const newest = files.at(-1)?.inode;
    if (pass === passes || newest === undefined || (await inodeOf(path)) === newest) return files;
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.ino;
}

async function openOnce(path: string, maxFiles: number): Promise<LogFile[]> {
  const files = new Map<number, LogFile>();
  for (let n = 0; n <= maxFiles; n++) {
    const handle = await openIfThere(n === 0 ? path : `${path}.${n}`);
    if (handle === null) continue;
    const inode = (await handle.stat()).ino;
    if (files.has(inode)) await handle.close();
    else files.set(inode, { handle, inode });
  }
  return [...files.values()].reverse();
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
