import type { Image } from '../../images/model.ts';
import { removeImage } from '../../images/remove.ts';
import type { Target } from '../../images/targets.ts';
import { messageOf } from '../../lib/errors.ts';
import { type Digest, digestOf, parseDigest } from '../../lib/ids.ts';
import { documentLimit, parseManifest } from '../../oci/image-parse.ts';
import type { Check, Remedy, World } from './check.ts';

/** Each image's config, manifest, layers and snapshots. */
export const checkImages: Check = {
  title: 'Checking images',
  async run(world, report) {
    const missing = new Set(world.images.snapshotter.audit().missing);
    for (const image of world.images.records.all()) {
      const config = await configProblem(world, image);
      if (config !== null)
        await report({ kind: 'image', subject: nameOf(image), detail: config.detail, remedy: config.remedy });
      const blobs = await blobProblems(world, image);
      const layers = image.chainIds.filter(
        (key) => (missing.has(key) && !world.mendable.has(key)) || !world.images.snapshotter.has(key),
      );
      const details = [...blobs, ...layers.map((key) => `the layer ${key} is not unpacked`)];
      if (details.length === 0) continue;
      const remedy = imageRemedy(world, image, layers.length === 0);
      await report({ kind: 'image', subject: nameOf(image), detail: details.join('; '), remedy });
    }
  },
};

const nameOf = ({ id, tags, repoDigests }: Image) => tags[0] ?? repoDigests[0] ?? id;

/** The record holds the config's text too. */
async function configProblem({ images }: World, { id }: Image) {
  const { content, records } = images;
  if (content.has(id)) return null;
  const text = records.configText(id);
  const isSame = digestOf(text) === id;
  const run = () => content.writeBytes(Buffer.from(text), { digest: id });
  const remedy: Remedy | null = isSame ? { text: 'written again from the record', run } : null;
  return { detail: `its config ${id} is missing`, remedy };
}

async function blobProblems(world: World, image: Image): Promise<string[]> {
  const targets = world.images.records.targets.of(image.id);
  if (targets.length === 0) return ['it has no manifest'];
  return (await Promise.all(targets.map((target) => targetProblems(world, image, target)))).flat();
}

async function targetProblems(
  { images, damaged }: World,
  image: Image,
  { target, manifest }: Target,
): Promise<string[]> {
  const { content } = images;
  const state = (digest: Digest) =>
    !content.has(digest) ? 'missing' : damaged.has(digest) ? 'damaged' : null;
  const problem = (what: string, digest: Digest) => {
    const found = state(digest);
    return found === null ? [] : [`its ${what} ${digest} is ${found}`];
  };
  const problems = [
    ...problem('manifest', manifest),
    ...(target === manifest ? [] : problem('index', target)),
  ];
  if (state(manifest) !== null) return problems;
  try {
    const { config, layers } = parseManifest(await content.read(manifest, documentLimit));
    if (config.digest !== image.id) problems.push(`its manifest ${manifest} is that of ${config.digest}`);
    if (layers.length !== image.chainIds.length)
      problems.push(`its manifest has ${layers.length} layers, the image ${image.chainIds.length}`);
    for (const layer of layers) problems.push(...problem('layer', parseDigest(layer.digest)));
  } catch (error) {
    problems.push(`its manifest ${manifest} cannot be read: ${messageOf(error)}`);
  }
  return problems;
}

/** What still runs and can be had from nowhere else stays: only its owner can decide. */
function imageRemedy({ images }: World, image: Image, runs: boolean): Remedy | null {
  const isUsed = images.inUse(image.id).length > 0 || images.records.children(image.id).length > 0;
  if (isUsed || (runs && image.repoDigests.length === 0)) return null;
  const how = image.repoDigests.length > 0 ? 'pull it again' : 'load it again';
  const run = () => removeImage(images, image.id, { force: true, noPrune: true });
  return { text: `removed: ${how}`, run };
}
