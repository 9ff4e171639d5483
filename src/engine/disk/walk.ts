import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../linux/errno.ts';
import { joinBytes, lstatIfThere, namesIn } from '../../linux/tree.ts';

/**
 * Bytes that a file or a tree takes on its file system, as du(1) counts them: blocks of everything, directories too, hard
 * links once, other file systems not at all. What vanishes meanwhile counts nothing.
 */
export async function bytesOnDisk(root: string): Promise<number> {
  const top = await lstatIfThere(Buffer.from(root));
  if (top === null) return 0;
  const seen = new Set<bigint>();
  const pending: Buffer[] = top.isDirectory() ? [Buffer.from(root)] : [];
  let blocks = top.blocks;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const at = directory;
    const names = await namesIn(at);
    for (const entry of await Promise.all(names.map((name) => entryOf(at, name)))) {
      if (entry === null || entry.stat.dev !== top.dev) continue;
      const { path, stat } = entry;
      if (stat.isDirectory()) pending.push(path);
      else if (stat.nlink > 1n) {
        if (seen.has(stat.ino)) continue;
        seen.add(stat.ino);
      }
      blocks += stat.blocks;
    }
  }
  return Number(blocks * 512n);
}

async function entryOf(directory: Buffer, name: Buffer) {
  const path = joinBytes(directory, name);
  const stat = await lstatIfThere(path);
  return stat === null ? null : { path, stat };
}

/** The sum over several. */
export async function bytesOfAll(paths: readonly string[]): Promise<number> {
  let total = 0;
  for (const path of paths) total += await bytesOnDisk(path);
  return total;
}

/** Full paths of what is in a directory. */
export async function pathsIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).map((name) => join(directory, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
