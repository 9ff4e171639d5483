import type { BigIntStats } from 'node:fs';
import { joinBytes, lstatIfThere, namesIn } from '../linux/tree.ts';
import type { Usage } from './snapshotter.ts';

/** A directory, and the one at the same place in the tree below; null: there is none. */
interface Place {
  own: Buffer;
  below: Buffer | null;
}

/**
 * Disk use as Docker counts it (pkg/directory): apparent size of everything but directories, hard links once.
 * Of a snapshot of tree `below`, which shares inodes with it, only what is not the same file there.
 * Walks directories one after the other, the files of one together. Names are bytes: an image may hold anything.
 */
export async function diskUsage(root: string, below: string | null = null): Promise<Usage> {
  const seen = new Set<string>();
  const usage: Usage = { bytes: 0, inodes: 0 };
  const pending: Place[] = [{ own: Buffer.from(root), below: below === null ? null : Buffer.from(below) }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const names = await namesIn(place.own);
    const entries = await Promise.all(names.map((name) => look(place, name)));
    for (const { at, stat, old } of entries) {
      if (stat === null) continue;
      if (stat.isDirectory()) pending.push({ own: at.own, below: old?.isDirectory() ? at.below : null });
      if (isSame(stat, old) || seenBefore(seen, stat)) continue;
      usage.inodes += 1;
      if (!stat.isDirectory()) usage.bytes += Number(stat.size);
    }
  }
  return usage;
}

async function look({ own, below }: Place, name: Buffer) {
  const at = { own: joinBytes(own, name), below: below === null ? null : joinBytes(below, name) };
  const [stat, old] = await Promise.all([
    lstatIfThere(at.own),
    at.below === null ? null : lstatIfThere(at.below),
  ]);
  return { at, stat, old };
}

/** A file that was written to or replaced since has another inode or change time; a directory counts when it is new. */
function isSame(stat: BigIntStats, old: BigIntStats | null): boolean {
  if (old === null || stat.ino !== old.ino) return false;
  return (stat.isDirectory() && old.isDirectory()) || stat.ctimeNs === old.ctimeNs;
}

function seenBefore(seen: Set<string>, stat: BigIntStats): boolean {
  if (stat.nlink < 2n || stat.isDirectory()) return false;
  const inode = `${stat.dev}:${stat.ino}`;
  const before = seen.has(inode);
  seen.add(inode);
  return before;
}
