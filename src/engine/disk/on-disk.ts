/** What the data root's bytes are for: the sum is what du(1) says of it. */
import { basename, join } from 'node:path';
import type { Context as ImageContext } from '../../images/context.ts';
import type { Nouns } from '../fsck/check.ts';
import { findOrphans } from '../fsck/orphans.ts';
import type { OnDisk } from '../model.ts';
import type { LayerSizes } from './layer-sizes.ts';
import { bytesOfAll, bytesOnDisk, pathsIn } from './walk.ts';

type Parts = Nouns & { layers: LayerSizes };

/** Directories of the data root that have a section of their own. */
const sections = new Set(['build', 'content', 'snapshots', 'containers', 'volumes']);

export async function onDisk(parts: Parts): Promise<OnDisk> {
  const { dataRoot, images, volumes } = parts;
  const orphans = await orphanPaths(parts);
  const others = (await pathsIn(dataRoot)).filter((path) => !sections.has(basename(path)));
  const files = await containerFiles(parts);
  const volumePaths = (await volumes.list()).map(({ name }) => join(dataRoot, 'volumes', name));
  const inContent = orphans.filter((path) => path.startsWith(`${images.content.directory}/`));
  const usage: Omit<OnDisk, 'total'> = {
    content: {
      ...(await contentOf(parts)),
      bytes: (await bytesOnDisk(images.content.directory)) - (await bytesOfAll(inContent)),
    },
    ...(await snapshotsOf(parts)),
    logs: { count: files.logs.length, bytes: await bytesOfAll(files.logs) },
    volumes: { count: volumePaths.length, bytes: await bytesOfAll(volumePaths) },
    buildCache: await buildCacheOf(dataRoot),
    records: { count: 1, bytes: (await bytesOfAll(others)) + (await bytesOfAll(files.others)) },
    orphans: { count: orphans.length, bytes: await bytesOfAll(orphans) },
  };
  const total = sum(Object.values(usage).map(({ bytes }) => bytes));
  return { ...usage, total };
}

/** Directories of cache mounts, and contexts of builds that run; the layers of steps are among the snapshots. */
async function buildCacheOf(dataRoot: string) {
  const directory = join(dataRoot, 'build');
  const caches = await pathsIn(join(directory, 'caches'));
  return { count: caches.length, bytes: await bytesOfAll([directory]) };
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

/** Bytes on disk of all that images have: blobs and layers. */
export async function imageBytes(
  { content, snapshotter }: ImageContext,
  layers: LayerSizes,
): Promise<number> {
  return (await bytesOnDisk(content.directory)) + sum((await layers.of(snapshotter)).values());
}

/** None while an image is being made: its files have no record yet. */
async function orphanPaths(parts: Parts): Promise<string[]> {
  let found: string[] = [];
  await parts.images.collector.exclusively(async () => {
    found = findOrphans(parts);
  });
  const volumes = parts.volumes.audit().orphans.map((name) => join(parts.dataRoot, 'volumes', name));
  return [...found, ...volumes];
}

async function contentOf({ images: { content, thin } }: Parts) {
  const blobs = await content.list();
  const layers = thin.records.all().filter(({ digest }) => !content.isFile(digest));
  return {
    count: blobs.length,
    size: sum(blobs.map(({ size }) => size)),
    thin: layers.length,
    saved: sum(layers.map(({ size, skeleton }) => size - skeleton)),
  };
}

async function snapshotsOf({ images: { snapshotter }, layers }: Parts) {
  const all = snapshotter.list();
  const committed = all.flatMap((each) => (each.committed ? [each.key] : []));
  const writable = all.flatMap((each) => (each.committed ? [] : [each.key]));
  const paths = writable.map((key) => snapshotter.pathOf(key));
  return {
    layers: { count: committed.length, bytes: sum((await layers.of(snapshotter)).values()) },
    containers: { count: writable.length, bytes: await bytesOfAll(paths) },
  };
}

/** The logs of all containers with their rotations, and everything else in their directories. */
async function containerFiles({ containers, dataRoot }: Parts) {
  const logs: string[] = [];
  const others: string[] = [];
  for (const { id, files } of await containers.list())
    for (const path of await pathsIn(join(dataRoot, 'containers', id)))
      (files.log !== '' && path.startsWith(files.log) ? logs : others).push(path);
  return { logs, others };
}
