/** What has to be in a repository before a target can be: its documents and blobs. */
import type { ContentStore } from '../../content/content.ts';
import { invalid, notFound } from '../../lib/errors.ts';
import { type Digest, parseDigest } from '../../lib/ids.ts';
import type { Descriptor, ImageConfig, Platform } from '../../oci/image.ts';
import {
  documentLimit,
  documentType,
  indexDepth,
  isConfigType,
  isIndexType,
  parseImageConfig,
  parseIndex,
  parseJsonObject,
  parseManifest,
} from '../../oci/image-parse.ts';
import { formatPlatform, platformScore } from '../../oci/platform.ts';
import type { RemoteManifest } from '../../registry/client/model.ts';

/** `id` names the blob in progress: a layer's DiffID, else its own digest. */
export interface ContentBlob {
  digest: Digest;
  size: number;
  id: string;
  kind: 'layer' | 'config';
}

export interface TargetContents {
  /** Children before the documents that name them; the last is the target. */
  documents: RemoteManifest[];
  blobs: ContentBlob[];
  /** Manifests that an index names and that are not here: they must be in the repository already. */
  absent: Digest[];
}

export async function readContents(content: ContentStore, target: Digest): Promise<TargetContents> {
  const contents: TargetContents = { documents: [], blobs: [], absent: [] };
  await visit(content, target, contents, 0);
  return contents;
}

async function visit(
  content: ContentStore,
  digest: Digest,
  contents: TargetContents,
  depth: number,
): Promise<void> {
  if (depth > indexDepth) throw invalid('invalid index: too many levels');
  const bytes = await content.read(digest, documentLimit);
  const mediaType = documentType(parseJsonObject(bytes, 'manifest'));
  if (isIndexType(mediaType)) await visitIndex(content, bytes, contents, depth);
  else await visitManifest(content, bytes, contents);
  contents.documents.push({ mediaType, digest, bytes });
}

async function visitIndex(
  content: ContentStore,
  bytes: Uint8Array,
  contents: TargetContents,
  depth: number,
): Promise<void> {
  for (const entry of parseIndex(bytes).manifests) {
    const child = parseDigest(entry.digest);
    if (await isComplete(content, entry)) await visit(content, child, contents, depth + 1);
    else contents.absent.push(child);
  }
}

/** A manifest that is here may still lack its blobs: of an index only the wanted platform is pulled. */
async function isComplete(content: ContentStore, entry: Descriptor): Promise<boolean> {
  const digest = parseDigest(entry.digest);
  if (!content.has(digest)) return false;
  const bytes = await content.read(digest, documentLimit);
  if (isIndexType(entry.mediaType)) {
    for (const child of parseIndex(bytes).manifests) if (!(await isComplete(content, child))) return false;
    return true;
  }
  const { config, layers } = parseManifest(bytes);
  return [config, ...layers].every((blob) => content.has(parseDigest(blob.digest)));
}

async function visitManifest(
  content: ContentStore,
  bytes: Uint8Array,
  contents: TargetContents,
): Promise<void> {
  const { config, layers } = parseManifest(bytes);
  const diffIds = await diffIdsOf(content, config);
  for (const [index, layer] of layers.entries())
    add(contents, {
      digest: parseDigest(layer.digest),
      size: layer.size,
      id: diffIds[index] ?? layer.digest,
      kind: 'layer',
    });
  add(contents, { digest: parseDigest(config.digest), size: config.size, id: config.digest, kind: 'config' });
}

function add(contents: TargetContents, blob: ContentBlob): void {
  if (!contents.blobs.some(({ digest }) => digest === blob.digest)) contents.blobs.push(blob);
}

/** Attestations have a config of another kind, or an empty one: their layers go by their own digests. */
async function diffIdsOf(content: ContentStore, config: Descriptor): Promise<string[]> {
  if (!isConfigType(config.mediaType)) return [];
  return (await readConfig(content, config)).rootfs.diff_ids;
}

async function readConfig(content: ContentStore, { digest }: Descriptor): Promise<ImageConfig> {
  return parseImageConfig(await content.read(parseDigest(digest), documentLimit));
}

/** The manifest among a target's that is for `platform`. */
export async function manifestFor(
  content: ContentStore,
  { documents }: TargetContents,
  platform: Platform,
): Promise<Digest> {
  for (const { mediaType, digest, bytes } of documents) {
    if (isIndexType(mediaType)) continue;
    const { config } = parseManifest(bytes);
    if (!isConfigType(config.mediaType)) continue;
    if (platformScore(platform, await readConfig(content, config)) > 0) return digest;
  }
  throw notFound(`image does not provide the specified platform (${formatPlatform(platform)})`);
}
