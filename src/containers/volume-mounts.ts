/** A container's volumes are mounted on the host from its start to its end. */
import { EngineError, messageOf } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { Volume } from '../volumes/model.ts';
import type { Context } from './context.ts';
import type { Container, MountPoint } from './model.ts';

/** Says where each is now: only the driver of a volume knows. */
export async function mountVolumes(context: Context, container: Container): Promise<MountPoint[]> {
  const mounts: MountPoint[] = [];
  for (const point of container.mounts)
    mounts.push(point.type === 'volume' ? await mountVolume(context, container.id, point) : point);
  return mounts;
}

async function mountVolume(context: Context, id: ContainerId, point: MountPoint): Promise<MountPoint> {
  const source = await context.volumes.mount(point.name, id).catch((error: unknown) => {
    const kind = error instanceof EngineError ? error.kind : 'internal';
    throw new EngineError(kind, `error while mounting volume '${point.source}': ${messageOf(error)}`, {
      cause: error,
    });
  });
  const { driver, destination, readWrite, propagation } = point;
  const attributes = { driver, container: id, destination, propagation, 'read/write': String(readWrite) };
  context.emit({ type: 'volume', action: 'mount', id: point.name, attributes });
  return { ...point, source };
}

export async function unmountVolumes(context: Context, id: ContainerId): Promise<void> {
  for (const { name, driver } of await context.volumes.unmount(id))
    context.emit({ type: 'volume', action: 'unmount', id: name, attributes: { driver, container: id } });
}

/** A volume has another name and place. None of its holders runs. */
export function moveVolume(
  { store }: Pick<Context, 'store'>,
  holders: readonly ContainerId[],
  from: Volume,
  to: Volume,
): void {
  for (const id of holders) {
    if (!store.has(id)) continue;
    const { mounts, hostConfig } = store.byId(id);
    const moved = (point: MountPoint): MountPoint =>
      point.type === 'volume' && point.name === from.name
        ? { ...point, name: to.name, source: to.mountpoint }
        : point;
    store.update(id, {
      mounts: mounts.map(moved),
      hostConfig: {
        ...hostConfig,
        binds: hostConfig.binds.map((bind) => movedBind(bind, from.name, to.name)),
        mounts: hostConfig.mounts.map((mount) =>
          mount.type === 'volume' && mount.source === from.name ? { ...mount, source: to.name } : mount,
        ),
      },
    });
  }
}

const movedBind = (bind: string, from: string, to: string) =>
  bind.startsWith(`${from}:`) ? to + bind.slice(from.length) : bind;
