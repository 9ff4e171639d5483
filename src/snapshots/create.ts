import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../lib/database.ts';
import { invalid, messageOf, unsupported } from '../lib/errors.ts';
import { spreadSubdirectories } from './backing.ts';
import { Overlay2Driver } from './overlay2.ts';
import { probeOverlay } from './probe.ts';
import type { Snapshotter } from './snapshotter.ts';
import { VfsDriver } from './vfs.ts';

const drivers = { overlay2: Overlay2Driver, vfs: VfsDriver };
type DriverName = keyof typeof drivers;

function isDriver(name: string): name is DriverName {
  return Object.hasOwn(drivers, name);
}

export interface SnapshotterOptions {
  db: Database;
  /** Each driver has its own directory below this one. */
  directory: string;
  /** "" = the one in use before, else the best that works here. */
  driver: string;
}

/** Opens the storage driver and removes what a dead daemon left behind. */
export async function createSnapshotter(options: SnapshotterOptions): Promise<Snapshotter> {
  mkdirSync(options.directory, { recursive: true, mode: 0o710 });
  const name = await chooseDriver(options);
  const directory = join(options.directory, name);
  if (!existsSync(directory)) {
    mkdirSync(directory, { mode: 0o710 });
    spreadSubdirectories(directory);
  }
  const snapshotter = new drivers[name](options.db, directory);
  await snapshotter.recover();
  return snapshotter;
}

async function chooseDriver({ driver, directory }: SnapshotterOptions): Promise<DriverName> {
  const used = Object.keys(drivers)
    .filter(isDriver)
    .find((name) => existsSync(join(directory, name)) && readdirSync(join(directory, name)).length > 0);
  if (driver !== '' && !isDriver(driver))
    throw invalid(`storage driver ${JSON.stringify(driver)} is not known: overlay2 and vfs are`);
  if (driver !== '' && used !== undefined && used !== driver)
    throw invalid(`${directory} holds snapshots of the storage driver ${used}; ${driver} cannot read them`);
  if (used !== undefined) return used;
  if (driver === 'vfs') return 'vfs';
  try {
    await probeOverlay(directory);
    return 'overlay2';
  } catch (error) {
    if (driver === 'overlay2')
      throw unsupported(`overlay2 does not work on ${directory}: ${messageOf(error)}`, { cause: error });
    return 'vfs';
  }
}
