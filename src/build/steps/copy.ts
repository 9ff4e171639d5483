/** COPY, and ADD of local files. */
import type { Layer } from '../../images/model.ts';
import { ignorePatterns } from '../../lib/ignore-file.ts';
import type { Operational } from '../../lib/op.ts';
import { stepKey } from '../cache/key.ts';
import { parseMode } from '../copy/mode.ts';
import { type CopyPlan, planCopy, severalIntoOne } from '../copy/plan.ts';
import { absolute, findSources, type Source } from '../copy/sources.ts';
import { indexTree } from '../files/index.ts';
import { nameOf } from '../files/names.ts';
import { type Owner, resolveOwner } from '../files/owner.ts';
import { place } from '../files/place.ts';
import type { SourceTree } from '../files/tree.ts';
import type { BuildParts } from '../parts.ts';
import { chainOf, runConfigOf, type StageState } from '../stage/state.ts';
import { treeOf, writeLayer } from './write-layer.ts';

/** A tree that files come from. */
export interface Origin {
  tree: SourceTree;
  /** As the instruction has them. */
  sources: readonly string[];
  /** Whom files belong to that nobody gives to anyone; null: whom they belong to in the tree. */
  owner: Owner | null;
  /** An archive was unpacked there: what is in it keeps its modes. */
  isArchive: boolean;
}

export interface CopyRequest {
  instruction: 'COPY' | 'ADD';
  origins: readonly Origin[];
  /** As written. */
  destination: string;
  /** "user:group"; null = none given. */
  owner: string | null;
  mode: string | null;
  link: boolean;
  parents: boolean;
  exclude: readonly string[];
  missing: (source: string) => Error;
}

/** Everything that is to be done, and by what it is told apart. */
export interface PreparedCopy {
  key: string;
  linked: boolean;
  perform(newest: number | null, op: Operational): Promise<Layer | null>;
}

const root: Owner = { uid: 0, gid: 0 };

export async function prepareCopy(
  parts: BuildParts,
  state: StageState,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<PreparedCopy> {
  const { link, exclude, mode, parents, origins } = request;
  const target = treeOf(parts, chainOf(state));
  const found: Source[][] = [];
  for (const { tree, sources } of origins)
    found.push(await findSources(tree, sources, { missing: request.missing, deep: parents, signal }));
  const owner = request.owner === null ? null : await resolveOwner(target, request.owner, { signal });
  const place = await placeOf(link ? null : target, state, request, found.flat(), signal);
  const wish = {
    ...place,
    mode: mode === null ? null : parseMode(mode),
    parents,
    excludes: exclude.length === 0 ? null : ignorePatterns(exclude),
  };
  const plans = origins.map((origin, index) =>
    planCopy(found[index] ?? [], {
      ...wish,
      owner: owner ?? origin.owner,
      mode: origin.isArchive ? null : wish.mode,
    }),
  );
  const chain = link ? null : chainOf(state);
  return {
    linked: link,
    key: stepKey('copy', chain, [plans.map(({ identity }) => identity), owner && [owner.uid, owner.gid]]),
    perform: (newest, op) => perform(parts, chain, origins, plans, owner ?? root, newest, op),
  };
}

/** Where the destination leads depends on what is there. */
async function placeOf(
  target: SourceTree | null,
  state: StageState,
  { instruction, destination, parents }: CopyRequest,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<{ destination: string; intoDirectory: boolean }> {
  const from = destination.startsWith('/') ? '' : `${runConfigOf(state).WorkingDir || '/'}/`;
  const path = nameOf(absolute(`${from}${destination}`));
  const isDirectory = parents || /(^|\/)\.?$/.test(destination) || path === '/';
  const files = sources.filter(({ entries }) => entries[0]?.kind !== 'directory');
  if (sources.length > 1 && files.length > 0 && !isDirectory && !(await isDirectoryIn(target, path, signal)))
    throw severalIntoOne(instruction);
  return { destination: path, intoDirectory: isDirectory || (await isDirectoryIn(target, path, signal)) };
}

async function isDirectoryIn(target: SourceTree | null, path: string, signal: AbortSignal): Promise<boolean> {
  if (target === null) return false;
  for await (const { kind } of indexTree(target, [path], {
    digests: false,
    followNamed: true,
    depth: 0,
    signal,
  }))
    return kind === 'directory';
  return false;
}

function perform(
  parts: BuildParts,
  chain: string | null,
  origins: readonly Origin[],
  plans: readonly CopyPlan[],
  parents: Owner,
  newest: number | null,
  op: Operational,
): Promise<Layer | null> {
  const { signal } = op;
  const options = { parents: { ...parents, ...(newest !== null && { mtime: newest }) }, signal };
  const write = async (target: SourceTree) => {
    for (const [index, { tree }] of origins.entries())
      await place(tree, target, plans[index]?.records ?? [], options);
  };
  return writeLayer(parts, chain, write, newest, op);
}
