import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files, hard links once. Files that vanish meanwhile count nothing. */
export async function bytesIn(directory: string, seen = new Set<string>()): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  let total = 0;
  for (const name of names) {
    const path = join(directory, name);
    const entry = await lstat(path).catch(() => null);
    if (entry?.isDirectory()) total += await bytesIn(path, seen);
    else if (entry) {
      const inode = `${entry.dev}:${entry.ino}`;
      if (entry.nlink > 1 && seen.has(inode)) continue;
      if (entry.nlink > 1) seen.add(inode);
      total += entry.size;
    }
  }
  return total;
}
