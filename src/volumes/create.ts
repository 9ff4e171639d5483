/** POST /volumes/create: an existing volume of that name, or a new one. */
import { conflict, messageOf } from '../lib/errors.ts';
import { driverOf, emitVolume, failed, type VolumeContext } from './context.ts';
import { ask, find, ofDriver } from './lookup.ts';
import type { Volume, VolumeRequest } from './model.ts';
import { newAnonymousName } from './names.ts';

/** Docker's mark on volumes that nobody named. */
const anonymousLabel = 'com.docker.volume.anonymous';

export function create(context: VolumeContext, request: VolumeRequest): Promise<Volume> {
  const anonymous = request.name === '';
  const name = anonymous ? newAnonymousName() : request.name;
  return context.turns.take([name], async () => {
    try {
      return (
        (await existing(context, { ...request, name })) ?? (await make(context, name, request, anonymous))
      );
    } catch (error) {
      throw failed('create', name, error);
    }
  });
}

/** Docker ignores options and labels that differ. */
async function existing(context: VolumeContext, { name, driver }: VolumeRequest): Promise<Volume | null> {
  const { store } = context;
  const record = store.find(name);
  if (record === null) return driver === '' ? found(context, name) : null;
  const other = driver !== '' && (await driverOf(context, driver)).name !== record.driver;
  if (await isThere(context, record)) {
    if (!other) return record;
    throw nameConflict(`driver '${record.driver}' already has volume '${name}'`);
  }
  if (store.holders(name).length > 0)
    throw nameConflict(
      `found references to volume '${name}' in driver '${record.driver}' but the volume was not found in the driver -- you may need to remove containers referencing this volume or force remove the volume to re-create it`,
    );
  store.remove(name);
  return null;
}

const nameConflict = (why: string) => conflict(`${why}: volume name must be unique`);

async function isThere(context: VolumeContext, { name, driver }: Volume): Promise<boolean> {
  try {
    return (await ask(context, driver, name)) !== null;
  } catch (error) {
    throw nameConflict(
      `found reference to volume '${name}' in driver '${driver}', but got an error while checking the driver: ${messageOf(error)}`,
    );
  }
}

async function found(context: VolumeContext, name: string): Promise<Volume | null> {
  const volume = await find(context, name);
  if (volume !== null) context.store.save(volume);
  return volume;
}

async function make(
  context: VolumeContext,
  name: string,
  request: VolumeRequest,
  anonymous: boolean,
): Promise<Volume> {
  const driver = await driverOf(context, request.driver || context.local.name);
  const { options } = request;
  if (driver === context.local || (await driver.get(name, { wait: true })) === null)
    await driver.create(name, options);
  const made = (await driver.get(name, { wait: true })) ?? {
    name,
    mountpoint: '',
    created: Date.now(),
    status: undefined,
  };
  const labels = anonymous ? { ...request.labels, [anonymousLabel]: '' } : request.labels;
  const volume = { ...(await ofDriver(driver, made)), name, labels, options, anonymous };
  return record(context, volume);
}

/** The volume is there: from now on everybody sees it. */
export function record(context: VolumeContext, volume: Volume): Volume {
  const { status: _, ...kept } = volume;
  context.store.save(kept);
  emitVolume(context, 'create', volume);
  return volume;
}
