/** What a container's mounts need before it exists: volumes that are missing, and snapshots of images. */
import type { ContainerId } from '../lib/ids.ts';
import type { Context } from './context.ts';
import { makeView, removeViews } from './image-views.ts';
import type { MountPoint } from './model.ts';
import { changesNothing } from './mount-owners.ts';
import type { PlannedMount } from './mounts.ts';
import { populate } from './populate.ts';

export async function makeMounts(
  context: Context,
  id: ContainerId,
  mounts: readonly PlannedMount[],
  undo: AsyncDisposableStack,
): Promise<MountPoint[]> {
  const made: MountPoint[] = [];
  const anonymous: string[] = [];
  if (mounts.some((mount) => mount.type === 'volume' || mount.type === 'image'))
    undo.defer(async () => {
      context.volumes.release(id);
      for (const name of anonymous) await context.volumes.remove(name, true);
      await removeViews(context, made);
    });
  for (const [index, planned] of mounts.entries()) {
    const { noCopy: _, origin: __, ...mount } = planned;
    if (mount.type === 'image') made.push({ ...mount, ...(await makeView(context, id, index, planned)) });
    else if (mount.type !== 'volume') made.push(mount);
    else {
      const volume = await makeVolume(context, planned);
      if (mount.name === '') anonymous.push(volume.name);
      context.volumes.hold(volume.name, id);
      await populateVolume(context, id, { ...planned, name: volume.name });
      made.push({
        ...mount,
        name: volume.name,
        source: volume.mountpoint,
        driver: volume.driver,
        mode: modeOf(planned, volume.driver),
      });
    }
  }
  return made;
}

/** Docker relabels what its own driver has, where the user names it. */
const modeOf = ({ mode, origin }: PlannedMount, driver: string) =>
  mode === '' && driver === 'local' && (origin === 'bind' || origin === 'mount') ? 'z' : mode;

function makeVolume({ volumes }: Context, { name, driver, request, origin }: PlannedMount) {
  if (origin === 'volumes-from') return volumes.get(name);
  const { options = {}, labels = {} } = request?.volume ?? {};
  return volumes.create({ name, driver, options, labels });
}

async function populateVolume(context: Context, id: ContainerId, mount: PlannedMount): Promise<void> {
  const { noCopy, owners, origin } = mount;
  if (origin === 'volumes-from' || (noCopy && (!owners || changesNothing({ ...owners, idMap: null }))))
    return;
  const path = await context.volumes.mount(mount.name, id);
  try {
    await populate(context, { id, mount, path });
  } finally {
    await context.volumes.unmount(id);
  }
}
