/** Which entries of a tree the sources of COPY and ADD name. */
import { cleanPath } from '../../lib/clean-path.ts';
import { notFound } from '../../lib/errors.ts';
import { hasWildcard, literalPrefix, pathMatcher } from '../../lib/path-pattern.ts';
import type { IndexEntry } from '../files/index.ts';
import { listTree } from '../files/listing.ts';
import { nameOf, textOf } from '../files/names.ts';
import type { SourceTree } from '../files/tree.ts';

/** One entry, with everything in it. */
export interface Source {
  /** Absolute, in the tree; as bytes in Latin-1. */
  path: string;
  /** What of the path is kept by --parents. */
  kept: string;
  /** The entry itself first; a directory before what is in it. */
  entries: IndexEntry[];
}

/** Go's filepath.Clean of "/" and the path. */
export const absolute = (path: string): string => cleanPath(`/${path}`);

export interface SourceOptions {
  /** What is said of a source that names nothing. */
  missing: (source: string) => Error;
  /** `**` in a pattern matches any number of directories. */
  deep?: boolean;
  signal: AbortSignal;
}

/** `sources` as the instruction has them, in its order; those of one pattern in the order of their names. */
export async function findSources(
  tree: SourceTree,
  sources: readonly string[],
  { missing, deep = false, signal }: SourceOptions,
): Promise<Source[]> {
  const named: { path: string; kept: string; source: string }[] = [];
  for (const source of sources) {
    const paths = await pathsOf(tree, absolute(source), deep, signal);
    if (paths.length === 0) throw missing(source);
    for (const path of paths) named.push({ path, kept: keptOf(source, path), source });
  }
  const found: Source[] = [];
  const paths = named.map(({ path }) => path);
  let current: Source | undefined;
  for (const entry of await listTree(tree, paths, { digests: true, followNamed: true, signal })) {
    const next = named[found.length];
    if (next !== undefined && entry.path === next.path && !isWithin(entry.path, current)) {
      if (entry.kind === 'missing') throw missing(next.source);
      current = { path: next.path, kept: next.kept, entries: [] };
      found.push(current);
    }
    current?.entries.push(entry);
  }
  return found;
}

/** A path that is named twice begins anew. */
const isWithin = (path: string, current: Source | undefined): boolean =>
  current !== undefined && path !== current.path && path.startsWith(beneath(current.path));

export const beneath = (path: string): string => (path === '/' ? '/' : `${path}/`);

async function pathsOf(
  tree: SourceTree,
  pattern: string,
  deep: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  if (!hasWildcard(pattern)) return [nameOf(pattern)];
  const { prefix, depth } = literalPrefix(pattern);
  const isMatch = pathMatcher(pattern, { deep });
  const paths: string[] = [];
  const endless = deep && pattern.includes('**');
  const options = { digests: false, followNamed: true, ...(endless ? {} : { depth }), signal };
  // What is in a directory that is named comes with it.
  for (const { kind, path } of await listTree(tree, [nameOf(prefix)], options))
    if (
      kind !== 'missing' &&
      isMatch(textOf(path)) &&
      !paths.some((above) => path.startsWith(beneath(above)))
    )
      paths.push(path);
  return paths;
}

/** "/./" in the source says where the kept part begins. */
function keptOf(source: string, path: string): string {
  const pivot = source.indexOf('/./');
  if (pivot < 0) return path;
  const dropped = nameOf(absolute(source.slice(0, pivot)));
  return path.startsWith(beneath(dropped)) ? path.slice(dropped === '/' ? 0 : dropped.length) : path;
}

/** For a source in the build context; Docker's text. */
export const notInContext = (source: string): Error =>
  notFound(
    `COPY failed: file not found in build context or excluded by .dockerignore: stat ${source}: file does not exist`,
  );

export const notInTree = (source: string): Error =>
  notFound(`COPY failed: stat ${source}: file does not exist`);
