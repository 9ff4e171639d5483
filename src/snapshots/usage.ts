import { lstat, readdir } from 'node:fs/promises';
import type { Usage } from './snapshotter.ts';

/**
 * Disk use as Docker counts it (pkg/directory): apparent size of everything but directories, hard links once.
 * Walks directories one after the other, the files of one together. Names are bytes: an image may hold anything.
 */
export async function diskUsage(root: string): Promise<Usage> {
  const seen = new Set<bigint>();
  const usage: Usage = { bytes: 0, inodes: 0 };
  const pending: Buffer[] = [Buffer.from(root)];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const at = directory;
    const names = await readdir(at, { encoding: 'buffer' });
    const stats = await Promise.all(names.map((name) => lstatIfThere(joinBytes(at, name))));
    for (const [index, stat] of stats.entries()) {
      const name = names[index];
      if (stat === null || name === undefined) continue;
      if (stat.isDirectory()) pending.push(joinBytes(at, name));
      if (stat.nlink > 1n && !stat.isDirectory()) {
        if (seen.has(stat.ino)) continue;
        seen.add(stat.ino);
      }
      usage.inodes += 1;
      if (!stat.isDirectory()) usage.bytes += Number(stat.size);
    }
  }
  return usage;
}

const slash = Buffer.from('/');

function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, slash, name]);
}

/** A running container may delete while we look. */
async function lstatIfThere(path: Buffer) {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
