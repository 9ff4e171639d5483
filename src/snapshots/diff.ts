import { tarOutput } from '../linux/archive-program.ts';
import { findBelow } from './implied.ts';
import type { DiffOptions } from './snapshotter.ts';

/** How a snapshot's own changes are told apart from its parent's files. */
export type Changes =
  /** A directory that holds nothing else, with deletions as overlayfs marks them. `lowers`: those below it, top first. */
  | { in: 'upper'; directory: string; lowers: readonly string[] }
  /** A whole tree beside its parent's (null: it has none). */
  | { in: 'tree'; directory: string; parent: string | null };

/** The changes as a layer tar, by a process that is shut into the directory: see native/tar.h. `form`: its flags for another form. */
export function diffTar(
  changes: Changes,
  options: DiffOptions,
  ...form: string[]
): AsyncIterable<Uint8Array> {
  const flags = [...sourceFlags(changes), ...ownFlags(changes, options), ...form];
  return tarOutput([changes.directory, ...flags], 'reading the changes', options.signal);
}

/** The trees below, top first. */
export function treesBelow(changes: Changes): readonly string[] {
  if (changes.in === 'upper') return changes.lowers;
  return changes.parent === null ? [] : [changes.parent];
}

function sourceFlags(changes: Changes): string[] {
  if (changes.in === 'upper') return ['--overlay'];
  return changes.parent === null ? [] : ['--compare', changes.parent];
}

/** Mount points, and the directories that hold them as they were before: what was made in them made these look changed. */
function ownFlags(changes: Changes, { mountPoints, newest }: DiffOptions): string[] {
  const below = treesBelow(changes);
  const holders = new Set(mountPoints.flatMap(parents));
  return [
    ...mountPoints.flatMap((path) => ['--mount-point', path]),
    ...(newest === undefined ? [] : ['--newest', String(newest)]),
    ...[...holders].flatMap((path) => ['--known', known(path, below)]),
  ];
}

/** "a/b/c" has "a" and "a/b". */
function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** "etc:755:0:0"; for a directory that no layer below has: as gantry-init makes it. */
function known(path: string, below: readonly string[]): string {
  const { mode, uid, gid } = findBelow(below, path) ?? { mode: 0o755, uid: 0, gid: 0 };
  return `${path}:${(mode & 0o7777).toString(8)}:${uid}:${gid}`;
}
