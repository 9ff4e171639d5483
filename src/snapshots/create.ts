import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../lib/database.ts';
import { invalid, messageOf, unsupported } from '../lib/errors.ts';
import { spreadSubdirectories } from './backing.ts';
import { BtrfsDriver } from './btrfs.ts';
import type { DirectoryDriver } from './driver.ts';
import { FuseOverlayfsDriver } from './fuse-overlayfs.ts';
import { Overlay2Driver } from './overlay2.ts';
import { probeBtrfs, probeFuseOverlayfs, probeOverlay, removeProbes } from './probe.ts';
import type { Snapshotter } from './snapshotter.ts';
import { VfsDriver } from './vfs.ts';

interface StorageDriver {
  name: string;
  make: new (db: Database, directory: string) => DirectoryDriver;
  /** Throws when it cannot work on the file system of `directory`. */
  probe(directory: string): Promise<void>;
}

/** The first that works is taken. vfs works everywhere. */
const drivers: readonly StorageDriver[] = [
  { name: 'overlay2', make: Overlay2Driver, probe: probeOverlay },
  { name: 'fuse-overlayfs', make: FuseOverlayfsDriver, probe: probeFuseOverlayfs },
  { name: 'btrfs', make: BtrfsDriver, probe: probeBtrfs },
  { name: 'vfs', make: VfsDriver, probe: async () => {} },
];

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
  removeProbes(options.directory);
  const driver = await chooseDriver(options);
  const directory = join(options.directory, driver.name);
  if (!existsSync(directory)) {
    mkdirSync(directory, { mode: 0o710 });
    spreadSubdirectories(directory);
  }
  const snapshotter = new driver.make(options.db, directory);
  await snapshotter.recover();
  return snapshotter;
}

/** The driver in use is not probed again: the daemon must come up for the containers that run, whatever became of it. */
async function chooseDriver({ driver, directory }: SnapshotterOptions): Promise<StorageDriver> {
  const wanted = driver === '' ? undefined : named(driver);
  const used = drivers.find(({ name }) => holdsSnapshots(join(directory, name)));
  if (wanted !== undefined && used !== undefined && used !== wanted)
    throw invalid(
      `${directory} holds snapshots of the storage driver ${used.name}; ${driver} cannot read them`,
    );
  if (used !== undefined) return used;
  if (wanted === undefined) return firstThatWorks(directory);
  try {
    await wanted.probe(directory);
    return wanted;
  } catch (error) {
    throw unsupported(`${driver} does not work on ${directory}: ${messageOf(error)}`, { cause: error });
  }
}

function named(wanted: string): StorageDriver {
  const found = drivers.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = drivers.map(({ name }) => name).join(', ');
  throw invalid(`storage driver ${JSON.stringify(wanted)} is not known: there are ${names}`);
}

const holdsSnapshots = (directory: string) => existsSync(directory) && readdirSync(directory).length > 0;

async function firstThatWorks(directory: string): Promise<StorageDriver> {
  const reasons: string[] = [];
  for (const driver of drivers)
    try {
      await driver.probe(directory);
      return driver;
    } catch (error) {
      reasons.push(`${driver.name}: ${messageOf(error)}`);
    }
  throw unsupported(`no storage driver works on ${directory}: ${reasons.join('; ')}`);
}
