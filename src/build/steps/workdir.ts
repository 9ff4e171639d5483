/** WORKDIR: a directory that is made where it is missing. */
import type { Layer } from '../../images/model.ts';
import type { Operational } from '../../lib/op.ts';
import { stepKey } from '../cache/key.ts';
import { absolute } from '../copy/sources.ts';
import { indexTree } from '../files/index.ts';
import { nameOf } from '../files/names.ts';
import { type Owner, resolveOwner } from '../files/owner.ts';
import { place } from '../files/place.ts';
import type { BuildParts } from '../parts.ts';
import { chainOf, runConfigOf, type StageState } from '../stage/state.ts';
import { treeOf, writeLayer } from './write-layer.ts';

export function workingDirectory(state: StageState, path: string): string {
  return absolute(path.startsWith('/') ? path : `${runConfigOf(state).WorkingDir || '/'}/${path}`);
}

/** null: the directory is there. It belongs to the user of the moment, as with BuildKit. */
export async function prepareDirectory(
  parts: BuildParts,
  state: StageState,
  path: string,
  signal: AbortSignal,
): Promise<{ key: string; perform(newest: number | null, op: Operational): Promise<Layer | null> } | null> {
  const chain = chainOf(state);
  const tree = treeOf(parts, chain);
  const destination = nameOf(path);
  if (path === '/') return null;
  const options = { digests: false, followNamed: true, depth: 0, signal };
  if (tree !== null)
    for await (const { kind } of indexTree(tree, [destination], options))
      if (kind === 'directory') return null;
  const user = runConfigOf(state).User ?? '';
  const owner: Owner =
    user === '' || tree === null ? { uid: 0, gid: 0 } : await resolveOwner(tree, user, { signal });
  return {
    key: stepKey('directory', chain, [destination, owner.uid, owner.gid]),
    perform: (newest, op) =>
      writeLayer(
        parts,
        chain,
        (target) =>
          place(null, target, [{ action: 'directory', destination, follow: true }], {
            parents: { ...owner, ...(newest !== null && { mtime: newest }) },
            signal: op.signal,
          }),
        newest,
        op,
      ),
  };
}
