/** Who has which volume mounted: it is, from the first user's coming to the last one's going, whatever becomes of the daemon. */
import { randomBytes } from 'node:crypto';
import { messageOf } from '../lib/errors.ts';
import { driverOf, type VolumeContext } from './context.ts';
import { recorded } from './lookup.ts';
import type { Volume } from './model.ts';

export function mount(context: VolumeContext, name: string, user: string): Promise<string> {
  return context.turns.take([name], () => mountTaken(context, recorded(context, name), user));
}

/** The caller has the volume's turn. */
export async function mountTaken(context: VolumeContext, volume: Volume, user: string): Promise<string> {
  const { store, local } = context;
  // A plugin counts for itself, and must be asked once for each user; mounting a local volume again mends it.
  if (volume.driver !== local.name && store.users(volume.name).includes(user)) return volume.mountpoint;
  const driver = await driverOf(context, volume.driver);
  const path = await driver.mount(volume, user);
  store.addMount(volume.name, user);
  if (path !== volume.mountpoint) store.save({ ...volume, mountpoint: path });
  return path;
}

export async function unmount(context: VolumeContext, user: string): Promise<Volume[]> {
  const ended: Volume[] = [];
  for (const name of context.store.mountedBy(user)) {
    const volume = await context.turns.take([name], () => unmountTaken(context, name, user));
    if (volume !== null) ended.push(volume);
  }
  return ended;
}

async function unmountTaken(context: VolumeContext, name: string, user: string): Promise<Volume | null> {
  const { store, log } = context;
  const volume = store.find(name);
  store.removeMount(name, user);
  if (volume === null) return null;
  try {
    const driver = await driverOf(context, volume.driver);
    await driver.unmount(volume, user, store.users(name).length === 0);
  } catch (error) {
    log('warn', `volume ${name} was not unmounted`, { user, error: messageOf(error) });
  }
  return volume;
}

/** For work of the engine's own on the files. What a killed daemon leaves of it, the next one ends. */
export async function whileMounted<T>(
  context: VolumeContext,
  name: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const user = newUser();
  const path = await mount(context, name, user);
  try {
    return await work(path);
  } finally {
    await unmount(context, user);
  }
}

/** The same within the volume's turn. */
export async function whileMountedTaken<T>(
  context: VolumeContext,
  volume: Volume,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const user = newUser();
  const path = await mountTaken(context, volume, user);
  try {
    return await work(path);
  } finally {
    await unmountTaken(context, volume.name, user);
  }
}

/** No container has such an id. */
export const newUser = () => `engine-${randomBytes(8).toString('hex')}`;

export async function reconcile(context: VolumeContext, users: ReadonlySet<string>): Promise<void> {
  const { store, local, log } = context;
  const gone = new Set<string>();
  for (const { volume: name, user } of store.mounts()) {
    if (!users.has(user)) gone.add(user);
    else
      await mount(context, name, user).catch((error: unknown) =>
        log('warn', `volume ${name} could not be mounted again`, { user, error: messageOf(error) }),
      );
  }
  for (const user of gone) await endMounts(context, user);
  for (const volume of store.list())
    if (volume.driver === local.name && Object.keys(volume.options).length > 0)
      if (store.users(volume.name).length === 0) await local.unmount(volume);
}

/** A plugin may not be there yet: the daemon does not wait for it. */
async function endMounts(context: VolumeContext, user: string): Promise<void> {
  const drivers = context.store.mountedBy(user).map((name) => context.store.find(name)?.driver);
  const ended = unmount(context, user);
  if (drivers.every((driver) => driver === undefined || driver === context.local.name)) await ended;
}
