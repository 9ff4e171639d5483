import { unpackLayer } from '../../images/unpack.ts';
import { messageOf } from '../../lib/errors.ts';
import { type Digest, parseDigest, shortId } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import { documentLimit, parseManifest } from '../../oci/image-parse.ts';
import type { Check, Remedy, World } from './check.ts';

/** Snapshot records whose directory is gone, and layers whose size nobody noted. */
export const checkSnapshots: Check = {
  title: 'Checking snapshots',
  async run(world, report, op) {
    const { records, snapshotter } = world.images;
    const committed = new Set(snapshotter.list().flatMap((each) => (each.committed ? [each.key] : [])));
    // Parents come before what stands on them.
    for (const key of snapshotter.audit().missing) {
      const remedy = committed.has(key) ? await layerRemedy(world, key, op) : null;
      if (remedy !== null) world.mendable.add(key);
      await report({
        kind: 'snapshot',
        subject: key,
        detail: committed.has(key)
          ? 'the directory of the layer is missing'
          : 'the directory with the files of the container is missing',
        remedy,
      });
    }
    const missing = new Set(snapshotter.audit().missing);
    for (const key of committed)
      if (records.layerSize(key) === null && !missing.has(key))
        await report({
          kind: 'layer',
          subject: key,
          detail: 'its size is not recorded',
          remedy: {
            text: 'measured',
            run: async () => records.noteLayer(key, (await snapshotter.usage(key)).bytes),
          },
        });
  },
};

/** The image that has the layer, the layer's place in it, and its blob. */
interface Source {
  digest: Digest;
  diffId: Digest;
  index: number;
}

async function layerRemedy(world: World, key: string, op: Operational): Promise<Remedy | null> {
  const { images, damaged } = world;
  const { content, records, snapshotter } = images;
  const isNeeded = records.isLayerReferenced(key) || snapshotter.list().some(({ parent }) => parent === key);
  if (!isNeeded) return { text: 'record removed: nothing needs it', run: () => snapshotter.remove(key) };
  for (const { digest, diffId, index } of await sourcesOf(world, key)) {
    // A thin blob may be made of the very snapshot that is missing.
    if (damaged.has(digest) || !(await isGood(content, digest))) continue;
    const run = () =>
      snapshotter.restore(key, (directory) =>
        unpackLayer(images, { digest, diffId }, { kind: 'stored' }, { index, chainId: key, directory }, op),
      );
    return { text: `unpacked again from ${shortId(digest)}`, run };
  }
  return null;
}

async function isGood(content: World['images']['content'], digest: Digest): Promise<boolean> {
  try {
    await content.verify(digest);
    return true;
  } catch {
    return false;
  }
}

async function sourcesOf({ images }: World, key: string): Promise<Source[]> {
  const sources: Source[] = [];
  for (const image of images.records.all()) {
    const index = image.chainIds.indexOf(key);
    const diffId = image.config.rootfs.diff_ids[index];
    if (diffId === undefined) continue;
    for (const { manifest } of images.records.targets.of(image.id)) {
      const digest = await layerOf(images, manifest, index);
      if (digest !== null) sources.push({ digest, diffId: parseDigest(diffId), index });
    }
  }
  return sources;
}

async function layerOf(
  { content, log }: World['images'],
  manifest: Digest,
  index: number,
): Promise<Digest | null> {
  try {
    const layer = parseManifest(await content.read(manifest, documentLimit)).layers[index];
    return layer === undefined ? null : parseDigest(layer.digest);
  } catch (error) {
    log('debug', 'fsck: a manifest cannot be read', { manifest, error: messageOf(error) });
    return null;
  }
}
