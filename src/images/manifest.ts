import { type Compression, detectCompression } from '../archive/detect.ts';
import type { Blob, ContentStore } from '../content/content.ts';
import type { Digest } from '../lib/ids.ts';
import type { Descriptor, ImageConfig, Manifest } from '../oci/image.ts';
import { mediaTypes } from '../oci/image-parse.ts';

const layerSuffix: Record<Compression, string> = {
  none: '',
  gzip: '+gzip',
  zstd: '+zstd',
  bzip2: '+bzip2',
  xz: '+xz',
};

/** The media type of a layer follows from what its bytes are. Derived ones are plain (thin/), and dear to look at. */
async function layerDescriptor(content: ContentStore, { digest, size }: Blob): Promise<Descriptor> {
  const compression = content.isFile(digest) ? detectCompression(await content.head(digest, 8)) : 'none';
  return { mediaType: mediaTypes.ociLayer + layerSuffix[compression], digest, size };
}

/** Writes the manifest of a config and layers that are in the store. It depends on nothing else, so it is reproducible. */
export async function writeManifest(
  content: ContentStore,
  config: Blob,
  layers: readonly Blob[],
): Promise<Digest> {
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.size },
    layers: await Promise.all(layers.map((layer) => layerDescriptor(content, layer))),
  };
  return (await content.writeBytes(Buffer.from(JSON.stringify(manifest)))).digest;
}

export async function writeImage(
  content: ContentStore,
  config: ImageConfig,
  layers: readonly Blob[],
): Promise<Digest> {
  return writeManifest(content, await content.writeBytes(Buffer.from(JSON.stringify(config))), layers);
}
