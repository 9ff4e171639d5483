/** The OCI manifest of a volume: one compressed tar as its layer, the labels as annotations. Pure. */
import { invalid, messageOf } from '../../lib/errors.ts';
import { type Digest, digestOf, parseDigest } from '../../lib/ids.ts';
import type { RemoteManifest } from '../../registry/client/model.ts';

export const artifactType = 'application/vnd.gantry.volume.v1';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const emptyType = 'application/vnd.oci.empty.v1+json';
/** What the volume's directory is in: unpacked it has the member "./" first. */
const layerType = `${artifactType}.tar+zstd`;
const layerTypes: readonly string[] = [layerType, `${artifactType}.tar+gzip`, `${artifactType}.tar`];

/** Annotations of the manifest that are no labels. */
const createdAnnotation = 'org.opencontainers.image.created';
const nameAnnotation = 'io.gantry.volume.name';

/** image-spec, "Guidance for an empty descriptor". */
export const emptyConfig = Buffer.from('{}');
export const emptyConfigDigest = digestOf(emptyConfig);

export interface VolumeLayer {
  digest: Digest;
  size: number;
}

export interface DescribedVolume {
  name: string;
  labels: Record<string, string>;
}

export function volumeManifest(
  layer: VolumeLayer,
  { name, labels }: DescribedVolume,
  now: Date,
): RemoteManifest {
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType,
    config: { mediaType: emptyType, digest: emptyConfigDigest, size: emptyConfig.length, data: 'e30=' },
    layers: [{ mediaType: layerType, digest: layer.digest, size: layer.size }],
    annotations: { ...labels, [nameAnnotation]: name, [createdAnnotation]: now.toISOString() },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { mediaType: manifestType, digest: digestOf(bytes), bytes };
}

/** Throws when it is something else: an image, say. */
export function parseVolumeManifest(
  bytes: Buffer,
  reference: string,
): {
  layer: VolumeLayer;
  labels: Record<string, string>;
} {
  const manifest = parse(bytes, reference);
  const [layer, ...others] = Array.isArray(manifest.layers) ? manifest.layers : [];
  const { mediaType, digest, size } = (layer ?? {}) as Record<string, unknown>;
  if (manifest.artifactType !== artifactType || others.length > 0 || !layerTypes.includes(String(mediaType)))
    throw invalid(
      `${reference} is not a volume: its artifact type is ${JSON.stringify(manifest.artifactType ?? '')}`,
    );
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`${reference}: its layer has no size`);
  return { layer: { digest: parseDigest(String(digest)), size }, labels: labelsIn(manifest.annotations) };
}

function parse(bytes: Buffer, reference: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw invalid(`${reference}: invalid manifest: ${messageOf(error)}`, { cause: error });
  }
  throw invalid(`${reference}: invalid manifest: not a JSON object`);
}

function labelsIn(annotations: unknown): Record<string, string> {
  if (typeof annotations !== 'object' || annotations === null) return {};
  const all = Object.entries(annotations as Record<string, unknown>);
  const labels = all.filter(([key]) => key !== createdAnnotation && key !== nameAnnotation);
  return Object.fromEntries(labels.map(([key, value]) => [key, String(value)]));
}
