/** Files into a volume that is new, or there and empty: all of them, or none. */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { conflict } from '../lib/errors.ts';
import { driverOf, type VolumeContext } from './context.ts';
import { record } from './create.ts';
import { type Fill, fillEmpty } from './local/files.ts';
import { get, ofDriver } from './lookup.ts';
import type { Volume } from './model.ts';
import { whileMountedTaken } from './mounting.ts';

/** What a volume that has to be made is like. */
export type Likeness = Pick<Volume, 'labels' | 'options'>;

export function fillVolume(
  context: VolumeContext,
  name: string,
  likeness: Likeness,
  fill: Fill,
): Promise<Volume> {
  return context.turns.take([name], async () => {
    const volume = context.store.find(name);
    if (volume === null) return make(context, name, likeness, fill);
    assertIdle(context, volume);
    const work = (path: string) => fillExisting(context, volume, path, fill);
    if (!isOwn(context, volume)) await whileMountedTaken(context, volume, work);
    else {
      await whileMountedTaken(context, volume, async (path) => assertEmpty(volume, path));
      await context.local.replace(volume, fill);
    }
    return get(context, name);
  });
}

async function make(
  context: VolumeContext,
  name: string,
  { labels, options }: Likeness,
  fill: Fill,
): Promise<Volume> {
  const { local } = context;
  await local.make(name, options, fill);
  const made = { name, mountpoint: local.mountpoint(name), created: Date.now(), status: undefined };
  record(context, { ...(await ofDriver(local, made)), labels, options });
  return get(context, name);
}

/** Its files are the engine's own, and others can take their place. */
export const isOwn = ({ local }: VolumeContext, { driver, options }: Volume) =>
  driver === local.name && options.device === undefined;

/** Nobody's container runs on it, and no other work of the engine is. */
export function assertIdle({ store }: VolumeContext, { name }: Volume): void {
  const users = store.users(name);
  if (users.length > 0) throw conflict(`volume ${name} is mounted - [${users.join(' ')}]: stop these first`);
}

function assertEmpty({ name }: Volume, path: string): void {
  if (readdirSync(path).length > 0) throw conflict(`volume ${name} is not empty`);
}

/** On somebody else's file system: what was made before a failure is taken away again. */
async function fillExisting(context: VolumeContext, volume: Volume, path: string, fill: Fill): Promise<void> {
  await driverOf(context, volume.driver);
  assertEmpty(volume, path);
  try {
    await fillEmpty(path, fill);
  } catch (error) {
    for (const name of readdirSync(path)) await rm(join(path, name), { recursive: true, force: true });
    throw error;
  }
}
