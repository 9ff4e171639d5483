/** `RUN --mount=type=cache`. */
import type { MountPoint } from '../../containers/model.ts';
import { planCopy, wholeTree } from '../copy/plan.ts';
import { findSources, notInContext } from '../copy/sources.ts';
import { place } from '../files/place.ts';
import type { CacheMount, WantedCache } from './cache-directories.ts';
import { bindPoint } from './mount-point.ts';
import type { MountNeeds } from './mounts.ts';
import { treeOf } from './write-layer.ts';

export async function wantedCache(mount: CacheMount, needs: MountNeeds): Promise<WantedCache> {
  if (mount.from === null) return { mount, seed: null };
  const from = await needs.source(mount.from);
  const seed = from.kind === 'layers' ? (from.chain ?? 'scratch') : `context ${mount.from}`;
  return { mount, seed: `${seed} ${mount.source}` };
}

export async function cacheMount(
  wanted: WantedCache,
  destination: string,
  needs: MountNeeds,
  stack: AsyncDisposableStack,
): Promise<MountPoint> {
  const { mount } = wanted;
  const fill = async (directory: string) => {
    if (mount.from === null) return;
    const from = await needs.source(mount.from);
    const tree = from.kind === 'directory' ? from : treeOf(needs.parts, from.chain);
    if (tree === null) return;
    const sources = await findSources(tree, [mount.source], { missing: notInContext, signal: needs.signal });
    const { records } = planCopy(sources, wholeTree);
    await place(tree, { kind: 'directory', path: directory }, records, { signal: needs.signal });
  };
  return {
    ...bindPoint(await needs.caches.take(wanted, fill, stack), destination),
    readWrite: !mount.readOnly,
  };
}
