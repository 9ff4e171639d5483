/** The form in which an image that was made here goes out into the world. */
import type { Blob } from '../../content/content.ts';
import { parseDigest } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import type { Descriptor } from '../../oci/image.ts';
import { documentLimit, mediaTypes, parseManifest } from '../../oci/image-parse.ts';
import type { Context } from '../context.ts';
import { compress } from '../gzip.ts';
import type { Located } from '../names.ts';
import type { Target } from '../targets.ts';

/**
 * Import, commit and archives without manifests give plain layers, which would cost three times the transfer. The first push gives such
 * an image compressed layers and the manifest that it keeps from then on, here too; nobody has known the one before. An image that
 * came with a manifest is sent exactly as it came.
 */
export async function publishedTarget(context: Context, located: Located, op: Operational): Promise<Target> {
  const { content, records } = context;
  const target = records.targets.get(located.image, located.target);
  if (target === null) throw new Error(`image ${located.image} has lost its target ${located.target}`);
  if (!target.madeHere) return target;
  const manifest = parseManifest(await content.read(target.manifest, documentLimit));
  const layers: Descriptor[] = [];
  for (const layer of manifest.layers) {
    op.signal.throwIfAborted();
    layers.push(layer.mediaType === mediaTypes.ociLayer ? await compressed(context, layer) : layer);
  }
  const document = await content.writeBytes(Buffer.from(JSON.stringify({ ...manifest, layers })));
  const config: Blob = { digest: located.image, size: manifest.config.size };
  const blobs = [
    document,
    config,
    ...layers.map(({ digest, size }) => ({ digest: parseDigest(digest), size })),
  ];
  const published = { target: document.digest, manifest: document.digest, madeHere: false };
  records.retarget(located.image, target.target, published, blobs);
  return published;
}

async function compressed({ content }: Context, layer: Descriptor): Promise<Descriptor> {
  const { digest, size } = await content.write(compress(content.stream(parseDigest(layer.digest))));
  return { ...layer, mediaType: `${mediaTypes.ociLayer}+gzip`, digest, size };
}
