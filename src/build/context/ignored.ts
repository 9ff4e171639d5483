/** `.dockerignore` of a context that came as it was: clients leave out what it names before they send a directory. */
import { parseIgnoreFile } from '../../lib/ignore-file.ts';
import { indexTree } from '../files/index.ts';
import { textOf } from '../files/names.ts';
import { type PlaceRecord, place } from '../files/place.ts';
import { readInside } from '../files/read.ts';
import type { SourceTree } from '../files/tree.ts';

/** Bytes; a longer one is no list of patterns. */
const limit = 1 << 20;

/**
 * Removes from the context what its `.dockerignore` names (`<Dockerfile>.dockerignore` comes before it), the Dockerfile too: it has been read.
 * `dockerfile`: its path in the context; null = it is not of the context.
 */
export async function applyIgnoreFile(
  directory: string,
  dockerfile: string | null,
  signal: AbortSignal,
): Promise<void> {
  const own =
    dockerfile === null ? null : await readInside(directory, `${dockerfile}.dockerignore`, limit, signal);
  const text = own ?? (await readInside(directory, '/.dockerignore', limit, signal));
  const ignores = text === null ? null : parseIgnoreFile(text.toString());
  if (ignores === null) return;
  const tree: SourceTree = { kind: 'directory', path: directory };
  const records: PlaceRecord[] = [];
  const directories: string[] = [];
  /** Directories with something that stays. */
  const needed = new Set<string>();
  for await (const { kind, path } of indexTree(tree, ['/'], { digests: false, followNamed: false, signal })) {
    if (kind === 'missing' || path === '/') continue;
    const ignored = ignores(textOf(path.slice(1)));
    if (!ignored) for (const above of directoriesAbove(path)) needed.add(above);
    else if (kind === 'directory') directories.push(path);
    else records.push({ action: 'remove', destination: path });
  }
  for (const path of directories)
    if (!needed.has(path)) records.push({ action: 'remove', destination: path });
  if (records.length > 0) await place(null, tree, records, { signal });
}

/** "/a/b/c" is in "/a" and "/a/b". */
function directoriesAbove(path: string): string[] {
  const names = path.split('/');
  return names.slice(2).map((_, index) => names.slice(0, index + 2).join('/'));
}
