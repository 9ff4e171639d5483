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
  for await (const { kind, path } of indexTree(tree, ['/'], { digests: false, followNamed: false, signal }))
    if (kind !== 'missing' && kind !== 'directory' && ignores(textOf(path.slice(1))))
      records.push({ action: 'remove', destination: path });
  if (records.length > 0) await place(null, tree, records, { signal });
}
