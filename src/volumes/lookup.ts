/** Which volumes there are: on record here, and with plugins. */
import { internal, messageOf, notFound } from '../lib/errors.ts';
import { driverOf, failed, type VolumeContext } from './context.ts';
import type { DriverVolume, VolumeDriver } from './driver.ts';
import type { Volume } from './model.ts';

const none = () => notFound('no such volume');

/** The record. Throws Docker's text when there is none. */
export function recorded({ store }: VolumeContext, name: string): Volume {
  const volume = store.find(name);
  if (volume === null) throw failed('get', name, none());
  return volume;
}

/** As its driver knows it now. */
export async function get(context: VolumeContext, name: string): Promise<Volume> {
  try {
    const record = context.store.find(name);
    if (record === null) return await probe(context, name);
    if (record.driver === context.local.name) return withStatus(context, record);
    const found = await ask(context, record.driver, name);
    if (found === null) throw none();
    return merged(record, found);
  } catch (error) {
    throw failed('get', name, error);
  }
}

const withStatus = ({ local }: VolumeContext, volume: Volume): Volume => ({
  ...volume,
  status: local.status(volume),
});

/** What a driver tells anew of a volume. */
type Told = Pick<Volume, 'mountpoint' | 'created' | 'status'>;

const merged = (record: Volume, { mountpoint, created, status }: Told): Volume => ({
  ...record,
  mountpoint: mountpoint || record.mountpoint,
  created,
  status,
});

/** Whether the driver has it. Throws when it cannot be asked. */
export async function ask(
  context: VolumeContext,
  driver: string,
  name: string,
): Promise<DriverVolume | null> {
  try {
    return await (await driverOf(context, driver)).get(name, { wait: true });
  } catch (error) {
    const what = `error while checking if volume ${JSON.stringify(name)} exists in driver ${JSON.stringify(driver)}`;
    throw internal(`${what}: ${messageOf(error)}`, { cause: error });
  }
}

/** A volume that a plugin has and nobody used here before. */
async function probe(context: VolumeContext, name: string): Promise<Volume> {
  const found = await find(context, name);
  if (found === null) throw none();
  return found;
}

/** With whichever plugin it is; null: with none. */
export async function find({ plugins }: VolumeContext, name: string): Promise<Volume | null> {
  for (const driver of await plugins.all()) {
    const volume = await driver.get(name, { wait: false }).catch(() => null);
    if (volume !== null) return ofDriver(driver, volume);
  }
  return null;
}

export async function ofDriver(driver: VolumeDriver, volume: DriverVolume): Promise<Volume> {
  const { name, mountpoint, created, status } = volume;
  const [scope, common] = [await driver.scope(), { labels: {}, options: {}, anonymous: false }];
  return { name, driver: driver.name, mountpoint, created, scope, status, ...common };
}

/** Volumes of plugins that do not answer are shown as they were known last. */
export async function survey(context: VolumeContext): Promise<{ volumes: Volume[]; warnings: string[] }> {
  const all = new Map(context.store.list().map((volume) => [volume.name, withStatus(context, volume)]));
  const warnings: string[] = [];
  const answers = await Promise.allSettled((await context.plugins.all()).map((driver) => volumesOf(driver)));
  for (const answer of answers) {
    if (answer.status === 'rejected') warnings.push(messageOf(answer.reason));
    else for (const volume of answer.value) add(all, volume);
  }
  return { volumes: [...all.values()], warnings };
}

async function volumesOf(driver: VolumeDriver): Promise<Volume[]> {
  try {
    return await Promise.all((await driver.list()).map((volume) => ofDriver(driver, volume)));
  } catch (error) {
    throw failed('list', driver.name, error);
  }
}

/** What is on record here wins over a volume of the same name elsewhere, as nobody could use that one. */
function add(all: Map<string, Volume>, volume: Volume): void {
  const record = all.get(volume.name);
  if (record === undefined) all.set(volume.name, volume);
  else if (record.driver === volume.driver) all.set(volume.name, merged(record, volume));
}
