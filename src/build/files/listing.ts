/** Listings of trees, of which those that are known are not made again, nor files read again. */
import { internal } from '../../lib/errors.ts';
import { type IndexEntry, type IndexOptions, indexTree } from './index.ts';
import type { KnownFiles } from './known-files.ts';
import type { SourceTree } from './tree.ts';

/** As `indexTree`. */
export async function listTree(
  tree: SourceTree,
  paths: readonly string[],
  options: IndexOptions,
): Promise<readonly IndexEntry[]> {
  const known = tree.kind === 'directory' ? tree.known : undefined;
  if (known === undefined) return Array.fromAsync(indexTree(tree, paths, options));
  const { digests, followNamed, depth = -1, signal } = options;
  const key = JSON.stringify([paths, digests, followNamed, depth]);
  const before = known.listing(key);
  if (before !== undefined) return before;
  const entries = await Array.fromAsync(indexTree(tree, paths, { ...options, digests: false }));
  const whole = digests ? await withDigests(tree, entries, known, signal) : entries;
  known.addListing(key, whole);
  return whole;
}

async function withDigests(
  tree: SourceTree,
  entries: readonly IndexEntry[],
  known: KnownFiles,
  signal: AbortSignal | undefined,
): Promise<IndexEntry[]> {
  const unknown = entries.flatMap((entry) =>
    entry.kind === 'file' && known.digest(entry) === undefined ? [entry.path] : [],
  );
  const options = { digests: true, followNamed: true, depth: 0, ...(signal && { signal }) };
  if (unknown.length > 0)
    for await (const entry of indexTree(tree, unknown, options)) {
      if (entry.kind !== 'file' || entry.digest === null) changedMeanwhile(entry.path);
      known.addDigest(entry, entry.digest);
    }
  return entries.map((entry) =>
    entry.kind === 'file' ? { ...entry, digest: known.digest(entry) ?? changedMeanwhile(entry.path) } : entry,
  );
}

function changedMeanwhile(path: string): never {
  throw internal(`${path} of the build context has changed while it was read`);
}
