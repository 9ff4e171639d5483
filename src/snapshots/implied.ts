import { chmodSync, chownSync, lstatSync, type Stats, utimesSync } from 'node:fs';

const slash = Buffer.from('/');

/**
 * Directories that a layer holds without describing them (`usr/bin/x` without `usr/` and `usr/bin/`) would, in an overlay,
 * hide owner and mode of the same directories below. They take them from the topmost layer that has them.
 * `lowers`: directories of the layers below, top first. `implied`: see WrittenLayer.
 */
export function inheritImplied(layer: string, lowers: readonly string[], implied: readonly string[]): void {
  for (const path of implied) {
    const own = realDirectory(layer, path);
    if (own === 'missing' || own === 'hidden') continue;
    const source = findBelow(lowers, path);
    if (source === null) continue;
    chownSync(own.path, source.uid, source.gid);
    chmodSync(own.path, source.mode & 0o7777);
    utimesSync(own.path, source.atime, source.mtime);
  }
}

/** The directory `path` as the topmost of the layers has it; null when none does. */
export function findBelow(lowers: readonly string[], path: string): Stats | null {
  for (const lower of lowers) {
    const found = realDirectory(lower, path);
    if (found === 'hidden') return null;
    if (found !== 'missing') return found.stat;
  }
  return null;
}

/** That directory in all layers that have it, down to the first where something else stands in its place. */
export function findDirectories(lowers: readonly string[], path: string): Buffer[] {
  const directories: Buffer[] = [];
  for (const lower of lowers) {
    const found = realDirectory(lower, path);
    if (found === 'hidden') break;
    if (found !== 'missing') directories.push(found.path);
  }
  return directories;
}

/**
 * Looks at every component, so that no symbolic link of the image is followed (nothing else changes these trees).
 * `hidden`: something that is not a directory stands in the way, as a file or a whiteout does.
 */
function realDirectory(root: string, path: string): { path: Buffer; stat: Stats } | 'missing' | 'hidden' {
  let at: Buffer = Buffer.from(root);
  let stat = lstatSync(at);
  for (const part of path === '' ? [] : path.split('/')) {
    at = Buffer.concat([at, slash, Buffer.from(part, 'latin1')]);
    const next = lstatSync(at, { throwIfNoEntry: false });
    if (next === undefined) return 'missing';
    if (!next.isDirectory()) return 'hidden';
    stat = next;
  }
  return { path: at, stat };
}
