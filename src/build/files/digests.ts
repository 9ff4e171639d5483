/** A tree with the digests of its files, of which those that are known are not read again. */
import { internal } from '../../lib/errors.ts';
import { type IndexEntry, indexTree } from './index.ts';
import type { KnownDigests } from './known-digests.ts';
import type { SourceTree } from './tree.ts';

/** As `indexTree`, with the digests of all files. Links in place of the last component of a given path are followed. */
export async function* indexWithDigests(
  tree: SourceTree,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<IndexEntry> {
  const known = tree.kind === 'directory' ? tree.digests : undefined;
  if (known === undefined) return yield* indexTree(tree, paths, { digests: true, followNamed: true, signal });
  const entries = await Array.fromAsync(
    indexTree(tree, paths, { digests: false, followNamed: true, signal }),
  );
  await readUnknown(tree, entries, known, signal);
  for (const entry of entries)
    yield entry.kind === 'file'
      ? { ...entry, digest: known.find(entry) ?? changedMeanwhile(entry.path) }
      : entry;
}

async function readUnknown(
  tree: SourceTree,
  entries: readonly IndexEntry[],
  known: KnownDigests,
  signal: AbortSignal,
): Promise<void> {
  const unknown = entries.flatMap((entry) =>
    entry.kind === 'file' && known.find(entry) === undefined ? [entry.path] : [],
  );
  if (unknown.length === 0) return;
  for await (const entry of indexTree(tree, unknown, {
    digests: true,
    followNamed: true,
    depth: 0,
    signal,
  })) {
    if (entry.kind !== 'file' || entry.digest === null) changedMeanwhile(entry.path);
    known.add(entry, entry.digest);
  }
}

function changedMeanwhile(path: string): never {
  throw internal(`${path} of the build context has changed while it was read`);
}
