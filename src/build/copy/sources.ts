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
  /** The directories on the way in the kept part, where these are asked for. */
  leading: readonly IndexEntry[];
  /** The entry itself first; a directory before what is in it. */
  entries: IndexEntry[];
}

/** Go's filepath.Clean of "/" and the path. */
export const absolute = (path: string): string => cleanPath(`/${path}`);

export interface SourceOptions {
  /** What is said of a source that names nothing. */
  missing: (source: string) => Error;
  /** --parents: `**` in a pattern matches any number of directories, and those that lead to a source are wanted too. */
  deep?: boolean;
  signal: AbortSignal;
}

interface Named extends Omit<Source, 'entries' | 'leading'> {
  /** As the instruction has it. */
  source: string;
}

/** `sources` as the instruction has them, in its order; those of one pattern in the order of their names. */
export async function findSources(
  tree: SourceTree,
  sources: readonly string[],
  { missing, deep = false, signal }: SourceOptions,
): Promise<Source[]> {
  const named: Named[] = [];
  for (const source of sources) {
    const paths = await pathsOf(tree, absolute(source), deep, signal);
    if (paths.length === 0) throw missing(source);
    for (const path of paths) named.push({ path, kept: keptOf(source, path), source });
  }
  const found: Source[] = [];
  for (const group of apart(named)) {
    const paths = group.map(({ path }) => path);
    const entries = await listTree(tree, paths, { digests: true, followNamed: true, signal });
    let at = 0;
    for (const { path, kept, source } of group) {
      const begin = at++;
      if (entries[begin]?.kind === 'missing') throw missing(source);
      while (at < entries.length && entries[at]?.path.startsWith(beneath(path))) at++;
      const leading = deep ? await leadingTo(tree, path, kept, signal) : [];
      found.push({ path, kept, leading, entries: entries.slice(begin, at) });
    }
  }
  return found;
}

async function leadingTo(
  tree: SourceTree,
  path: string,
  kept: string,
  signal: AbortSignal,
): Promise<readonly IndexEntry[]> {
  const above = path.slice(0, path.length - kept.length);
  const names = kept.split('/').filter((name) => name !== '');
  const paths = names.slice(0, -1).map((_, index) => `${above}/${names.slice(0, index + 1).join('/')}`);
  if (paths.length === 0) return [];
  return listTree(tree, paths, { digests: false, followNamed: true, depth: 0, signal });
}

/** Neighbours of which none lies in the one before it: in their listing each begins where the one before ends. */
function apart(named: readonly Named[]): Named[][] {
  const groups: Named[][] = [];
  for (const next of named) {
    const before = groups.at(-1)?.at(-1);
    if (before === undefined || next.path.startsWith(beneath(before.path))) groups.push([next]);
    else groups.at(-1)?.push(next);
  }
  return groups;
}

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
  const base = nameOf(prefix);
  for (const { kind, path } of await listTree(tree, [base], options)) {
    // A directory comes before what is in it, which comes with it.
    const above = paths.at(-1);
    const comesAlong = above !== undefined && path.startsWith(beneath(above));
    if (kind !== 'missing' && path !== base && !comesAlong && isMatch(textOf(path))) paths.push(path);
  }
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
