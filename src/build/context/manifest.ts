/** What a client says is in a directory, and what of it has to be sent when a part is here from the last time. Pure. */
import { invalid } from '../../lib/errors.ts';
import type { ContextEntry } from '../model.ts';

export interface Difference {
  /** Indices in the offered list: what is new or another, and the directories that lead there or to what goes, whose times that changes. */
  wanted: number[];
  /** Paths of what is here and shall not be, or is of another kind. What is in a directory goes with it. */
  gone: string[];
}

/** Throws when the list is not that of a directory. */
export function checkManifest(entries: readonly ContextEntry[]): void {
  const directories = new Set(['']);
  const seen = new Set<string>();
  for (const { path, directory } of entries) {
    if (!isRelative(path) || !directories.has(parentOf(path)) || seen.has(path))
      throw invalid(`invalid path of a build context: ${JSON.stringify(path)}`);
    seen.add(path);
    if (directory) directories.add(path);
  }
}

const isRelative = (path: string): boolean =>
  !/[\0\u0100-\uffff]/.test(path) &&
  path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export function differenceOf(here: readonly ContextEntry[], offered: readonly ContextEntry[]): Difference {
  const kept = new Map(here.map((entry) => [entry.path, entry]));
  const touched = new Set<string>();
  const changed = new Set<string>();
  const staying = new Set<string>();
  for (const entry of offered) {
    const before = kept.get(entry.path);
    if (before?.directory === entry.directory) staying.add(entry.path);
    if (before !== undefined && isSame(before, entry)) continue;
    changed.add(entry.path);
    touch(touched, entry.path);
  }
  const gone: string[] = [];
  for (const { path } of here) {
    if (staying.has(path)) continue;
    touch(touched, path);
    if (gone.length === 0 || !path.startsWith(`${gone.at(-1)}/`)) gone.push(path);
  }
  const wanted = offered.flatMap(({ path }, index) =>
    changed.has(path) || touched.has(path) ? [index] : [],
  );
  return { wanted, gone };
}

const isSame = (a: ContextEntry, b: ContextEntry): boolean =>
  a.directory === b.directory && a.stamp === b.stamp && a.stamp !== '';

/** Every directory that leads to the path. */
function touch(touched: Set<string>, path: string): void {
  for (let above = parentOf(path); above !== '' && !touched.has(above); above = parentOf(above))
    touched.add(above);
}
