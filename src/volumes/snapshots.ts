/** Snapshots: the files of a volume as they were, beside it. Where the file system can, they share their blocks. */
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { conflict, invalid, notFound, unsupported } from '../lib/errors.ts';
import { isName } from '../lib/ids.ts';
import type { VolumeContext } from './context.ts';
import { assertIdle, isOwn } from './fill.ts';
import { directoriesIn, parts } from './local/files.ts';
import { cloneTree, removeTree } from './local/trees.ts';
import { bytesIn } from './local/usage.ts';
import { recorded } from './lookup.ts';
import type { Volume, VolumeSnapshot } from './model.ts';
import { whileMounted } from './mounting.ts';

/** "" = named by the time. */
export async function takeSnapshot(
  context: VolumeContext,
  name: string,
  given: string,
): Promise<VolumeSnapshot> {
  const volume = ownVolume(context, name);
  const snapshot = given || new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  if (!isName(snapshot)) throw invalid(`invalid snapshot name: ${JSON.stringify(snapshot)}`);
  const directory = snapshotsOf(context, volume);
  const stage = join(directory, `.new-${snapshot}`);
  await whileMounted(context, name, async (path) => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (existsSync(join(directory, snapshot)) || existsSync(stage))
      throw conflict(`volume ${name} has a snapshot ${snapshot}`);
    mkdirSync(stage);
    try {
      await cloneTree(path, join(stage, parts.tree));
      renameSync(stage, join(directory, snapshot));
    } catch (error) {
      await removeSnapshotAt(stage);
      throw error;
    }
  });
  return describe(directory, snapshot);
}

export async function listSnapshots(context: VolumeContext, name: string): Promise<VolumeSnapshot[]> {
  const directory = snapshotsOf(context, recorded(context, name));
  const names = directoriesIn(directory).filter((each) => !each.startsWith('.'));
  const all = await Promise.all(names.map((each) => describe(directory, each)));
  return all.sort((a, b) => a.created - b.created);
}

async function describe(directory: string, name: string): Promise<VolumeSnapshot> {
  const path = join(directory, name);
  return { name, created: statSync(path).mtimeMs, size: await bytesIn(join(path, parts.tree)) };
}

export function removeSnapshot(context: VolumeContext, name: string, snapshot: string): Promise<void> {
  return context.turns.take([name], async () => {
    const path = find(context, recorded(context, name), snapshot);
    const gone = join(path, '..', `.gone-${snapshot}`);
    renameSync(path, gone);
    await removeSnapshotAt(gone);
  });
}

async function removeSnapshotAt(path: string): Promise<void> {
  await removeTree(join(path, parts.tree));
  await rm(path, { recursive: true, force: true });
}

/** The snapshot stays. */
export function restore(context: VolumeContext, name: string, snapshot: string): Promise<void> {
  return context.turns.take([name], async () => {
    const volume = ownVolume(context, name);
    const source = join(find(context, volume, snapshot), parts.tree);
    assertIdle(context, volume);
    await context.local.replace(volume, { kind: 'copy', source });
  });
}

function ownVolume(context: VolumeContext, name: string): Volume {
  const volume = recorded(context, name);
  if (isOwn(context, volume)) return volume;
  throw unsupported(
    `the files of volume ${name} are not gantry's own: only a copy of it can be made (volume cp)`,
  );
}

const snapshotsOf = ({ local }: VolumeContext, { name }: Volume) => join(local.pathOf(name), parts.snapshots);

function find(context: VolumeContext, volume: Volume, snapshot: string): string {
  const path = join(snapshotsOf(context, volume), snapshot);
  if (isName(snapshot) && existsSync(path)) return path;
  throw notFound(`volume ${volume.name} has no snapshot ${snapshot}`);
}
