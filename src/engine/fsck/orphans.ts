import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Nouns, Report, World } from './check.ts';

/** What the content directory holds; `ingest` and `partial` are what is being written. */
const contentEntries = new Set(['blobs', 'ingest', 'partial', 'skeletons']);

const entries = (directory: string) => (existsSync(directory) ? readdirSync(directory) : []);

/**
 * Files below the data root that no record explains. Only images that are being made have files without a record: the
 * caller sees to it that there are none. What a container's creation has made already is known.
 */
export function findOrphans({ dataRoot, images, containers }: Nouns): string[] {
  const { content, records, snapshotter, thin } = images;
  const { blobs } = records.referenced();
  const isBlob = (name: string) => blobs.has(`sha256:${name}`);
  const below = (directory: string, isKnown: (name: string) => boolean) =>
    entries(directory)
      .filter((name) => !isKnown(name))
      .map((name) => join(directory, name));
  return [
    ...below(content.directory, (name) => contentEntries.has(name)),
    ...below(join(content.directory, 'blobs'), (name) => name === 'sha256'),
    ...below(join(content.directory, 'blobs', 'sha256'), isBlob),
    ...below(thin.directory, (name) => thin.isKnown(name)),
    ...below(join(dataRoot, 'snapshots'), (name) => name === snapshotter.driver),
    ...snapshotter.audit().orphans,
    ...below(join(dataRoot, 'containers'), (name) => containers.isKnown(name)),
  ];
}

/** While nobody makes an image: see findOrphans. */
export async function reportOrphans(world: World, report: Report): Promise<void> {
  const { snapshotter } = world.images;
  const ofDriver = new Set(snapshotter.audit().orphans);
  for (const path of findOrphans(world))
    await report({
      kind: 'orphan',
      subject: path,
      detail: 'no record explains it',
      remedy: {
        text: 'removed',
        run: () =>
          ofDriver.has(path) ? snapshotter.removeOrphan(path) : rm(path, { recursive: true, force: true }),
      },
    });
}
