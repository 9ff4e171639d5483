/** `docker diff`: what a container changed about its image. */
import type { ChangedPath } from '../snapshots/snapshotter.ts';
import type { Context } from './context.ts';
import { ownMountPoints } from './spec-mounts.ts';

export async function changes(context: Context, ref: string, signal: AbortSignal): Promise<ChangedPath[]> {
  const { id } = context.store.find(ref);
  return context.snapshotter.changedPaths(id, { signal, mountPoints: ownMountPoints });
}
