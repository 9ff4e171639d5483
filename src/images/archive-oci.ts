import type { ContentStore } from '../content/content.ts';
import { EngineError, invalid, notFound } from '../lib/errors.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import { type ImageName, parseReference, withTag } from '../lib/reference.ts';
import type { Descriptor, Platform } from '../oci/image.ts';
import {
  documentLimit,
  indexDepth,
  isIndexType,
  isManifestType,
  parseIndex,
  parseManifest,
} from '../oci/image-parse.ts';
import { formatPlatform, hostPlatform, platformScore } from '../oci/platform.ts';
import type { ImageSource } from './adopt.ts';
import type { ArchiveFiles } from './archive.ts';

export interface ArchivedImage {
  source: ImageSource;
  names: ImageName[];
}

/** The images of an OCI layout (image-layout.md), or null when the archive is none. `platform` null = the host's, leniently. */
export async function readOciLayout(
  files: ArchiveFiles,
  content: ContentStore,
  platform: Platform | null,
): Promise<ArchivedImage[] | null> {
  const layout = files.find('oci-layout');
  const top = files.find('index.json');
  if (layout === null || top === null) return null;
  const index = parseIndex(await content.read(top.digest, documentLimit));
  const images = new Map<Digest, ArchivedImage>();
  for (const descriptor of index.manifests) {
    if (isAttestation(descriptor)) continue;
    const target = parseDigest(descriptor.digest);
    const known = images.get(target);
    const names = descriptorNames(descriptor);
    if (known !== undefined) known.names.push(...names);
    else images.set(target, { source: await resolveTarget(descriptor, content, platform), names });
  }
  return [...images.values()];
}

/** Only a full name says what the image is called; podman and skopeo may write a bare tag, which names nothing. */
function descriptorNames(descriptor: Descriptor): ImageName[] {
  const full = descriptor.annotations?.['io.containerd.image.name'];
  const short = descriptor.annotations?.['org.opencontainers.image.ref.name'];
  const text = typeof full === 'string' ? full : short;
  if (typeof text !== 'string' || !/[/:]/.test(text)) return [];
  try {
    return [withTag(parseReference(text))];
  } catch (error) {
    if (error instanceof EngineError) return [];
    throw error;
  }
}

/** BuildKit's provenance and SBOM: kept with the index, never run. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    annotations?.['vnd.docker.reference.type'] !== undefined ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  );
}

/** Follows indexes down to the manifest that serves `platform` best and whose blobs are here. */
async function resolveTarget(
  descriptor: Descriptor,
  content: ContentStore,
  platform: Platform | null,
): Promise<ImageSource> {
  const target = parseDigest(descriptor.digest);
  const reachable = new Set<Digest>();
  /** Indexes that name each other a thousand times are read once. */
  const visited = new Set<string>();
  const candidates: { manifest: Digest; score: number }[] = [];
  const visit = async (at: Descriptor, depth: number, inherited: number): Promise<void> => {
    const digest = parseDigest(at.digest);
    if (!content.has(digest)) return;
    reachable.add(digest);
    const score =
      at.platform === undefined ? inherited : platformScore(platform ?? hostPlatform(), at.platform);
    const seen = `${digest} ${score}`;
    if (visited.has(seen)) return;
    visited.add(seen);
    if (isIndexType(at.mediaType)) {
      if (depth >= indexDepth) throw invalid('invalid index: too many levels');
      for (const child of parseIndex(await content.read(digest, documentLimit)).manifests)
        await visit(child, depth + 1, score);
    } else if (isManifestType(at.mediaType)) {
      const manifest = parseManifest(await content.read(digest, documentLimit));
      const blobs = [manifest.config, ...manifest.layers].map((blob) => parseDigest(blob.digest));
      for (const blob of blobs) if (content.has(blob)) reachable.add(blob);
      const complete = blobs.every((blob) => content.has(blob));
      if (!isAttestation(at) && complete && score > 0) candidates.push({ manifest: digest, score });
    }
  };
  await visit(descriptor, 0, 1);
  const best = candidates.sort((a, b) => b.score - a.score)[0];
  if (best === undefined)
    throw notFound(
      `the image ${target} has no complete manifest for the platform ${formatPlatform(platform ?? hostPlatform())}`,
    );
  return { target, manifest: best.manifest, also: [...reachable], parent: null, madeHere: false };
}
