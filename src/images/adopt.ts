import { invalid, notFound } from '../lib/errors.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { Platform } from '../oci/image.ts';
import { documentLimit, parseImageConfig, parseManifest } from '../oci/image-parse.ts';
import { checkLayerType } from '../oci/layer-type.ts';
import { formatPlatform, platformScore } from '../oci/platform.ts';
import type { Reference } from './names.ts';
import { type LayerSource, type Unpacker, unpackLayers } from './unpack.ts';

/** An image whose blobs are all in the content store. */
export interface ImageSource {
  /** What the names point at: the manifest, or an index that led to it. */
  target: Digest;
  manifest: Digest;
  /** Further blobs to keep: the index, and what else of it is here. */
  also: readonly Digest[];
  parent: Digest | null;
  /** See Target. */
  madeHere: boolean;
  /** Refuse an image for any other platform; null or missing = take what is there. */
  platform?: Platform | null;
}

/**
 * Makes an image of blobs: unpacks its layers, then records it, in this order; a crash in between leaves only what the
 * next collection removes. The caller holds collection off (Collector.use). Returns the id: the digest of the config.
 */
export async function adoptImage(
  unpacker: Unpacker,
  source: ImageSource,
  references: readonly Reference[],
  op: Operational,
): Promise<Digest> {
  const { content, records } = unpacker;
  const manifest = parseManifest(await content.read(source.manifest, documentLimit));
  for (const layer of manifest.layers) checkLayerType(layer.mediaType);
  const id = parseDigest(manifest.config.digest);
  const configBytes = await content.read(id, documentLimit);
  const config = parseImageConfig(configBytes);
  if (source.platform) checkPlatform(config, source.platform);
  const layers = matchLayers(
    manifest.layers.map((layer) => parseDigest(layer.digest)),
    config.rootfs.diff_ids.map((diffId) => parseDigest(diffId)),
  );
  const chainIds = await unpackLayers(unpacker, layers, op);
  const digests = new Set([
    id,
    source.target,
    source.manifest,
    ...source.also,
    ...layers.map((layer) => layer.digest),
  ]);
  records.add(
    {
      id,
      target: source.target,
      manifest: source.manifest,
      madeHere: source.madeHere,
      config: configBytes.toString('utf8'),
      parent: source.parent,
      created: timestamp(config.created),
      blobs: [...digests].map((digest) => ({ digest, size: content.size(digest) ?? 0 })),
      chainIds,
    },
    references,
  );
  return id;
}

function checkPlatform(offered: Platform, wanted: Platform): void {
  if (platformScore(wanted, offered) === 0)
    throw notFound(
      `the image's platform (${formatPlatform(offered)}) does not match the specified platform (${formatPlatform(wanted)})`,
    );
}

function matchLayers(digests: readonly Digest[], diffIds: readonly Digest[]): LayerSource[] {
  if (digests.length !== diffIds.length)
    throw invalid(
      `invalid manifest, layer length mismatch: expected ${diffIds.length}, got ${digests.length}`,
    );
  return diffIds.flatMap((diffId, index) => {
    const digest = digests[index];
    return digest === undefined ? [] : [{ digest, diffId }];
  });
}

/** Milliseconds of an RFC 3339 time; 0 for none and for Go's zero time. */
export function timestamp(text: string | undefined): number {
  const milliseconds = Date.parse(text ?? '');
  return Number.isNaN(milliseconds) || milliseconds < 0 ? 0 : milliseconds;
}
