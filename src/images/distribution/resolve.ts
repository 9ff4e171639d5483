/** From a reference to the one manifest that serves this machine, through indexes. */
import type { ContentStore } from '../../content/content.ts';
import { invalid, notFound } from '../../lib/errors.ts';
import { type Digest, parseDigest } from '../../lib/ids.ts';
import type { Descriptor, Manifest, Platform } from '../../oci/image.ts';
import {
  indexDepth,
  isConfigType,
  isIndexType,
  isManifestType,
  parseIndex,
  parseJsonObject,
  parseManifest,
} from '../../oci/image-parse.ts';
import { checkLayerType } from '../../oci/layer-type.ts';
import { formatPlatform, hostPlatform, platformScore } from '../../oci/platform.ts';
import type { RemoteManifest, Repository } from '../../registry/client/model.ts';

export interface ResolvedImage {
  /** What the reference points at: the manifest, or an index that led to it. */
  target: Digest;
  manifest: Manifest;
  manifestDigest: Digest;
  /** Every document on the way, all of them in the content store. */
  documents: Digest[];
}

export interface Wanted {
  /** A tag or a digest. */
  reference: string;
  /** The reference as the user knows it, for messages. */
  name: string;
  /** null: the host's where there is a choice. */
  platform: Platform | null;
}

/** Fetches and keeps the documents of an image. Throws notFound when no entry of an index serves the platform. */
export async function resolveImage(
  repository: Repository,
  content: ContentStore,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const documents: Digest[] = [];
  let reference = wanted.reference;
  for (let depth = 0; depth <= indexDepth; depth++) {
    const remote = await repository.manifest(reference, signal);
    const kind = documentKind(remote, wanted.name);
    await content.writeBytes(remote.bytes, { digest: remote.digest });
    documents.push(remote.digest);
    if (kind === 'manifest') {
      const manifest = parseManifest(remote.bytes);
      checkImage(manifest);
      return { target: documents[0] ?? remote.digest, manifest, manifestDigest: remote.digest, documents };
    }
    reference = parseDigest(choose(parseIndex(remote.bytes).manifests, wanted.platform).digest);
  }
  throw invalid('invalid index: too many levels');
}

/**
 * What a document is, by its own word and the registry's, which must agree: whoever reads one as the other is fooled
 * (CVE-2021-41190). Registries that send a general type are believed nothing.
 */
export function documentKind(remote: RemoteManifest, name: string): 'manifest' | 'index' {
  const sent = remote.mediaType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/vnd\.docker\.distribution\.manifest\.v1\+/.test(sent)) throw schema1(name);
  const document = parseJsonObject(remote.bytes, 'manifest');
  if (document.schemaVersion === 1) throw schema1(name);
  const own = typeof document.mediaType === 'string' ? document.mediaType : undefined;
  if (own !== undefined && isImageType(sent) && own !== sent)
    throw invalid(`mediaType in manifest should be '${sent}' not '${own}'`);
  const type = own ?? sent;
  if (isManifestType(type)) return 'manifest';
  if (isIndexType(type)) return 'index';
  if (own !== undefined || isForeign(sent)) throw invalid(`unsupported media type ${type}`);
  return 'manifests' in document ? 'index' : 'manifest';
}

const isImageType = (type: string) => isManifestType(type) || isIndexType(type);
/** A type of its own, as opposed to none or a general one. */
const isForeign = (type: string) => type.startsWith('application/vnd.');

function schema1(name: string): Error {
  return invalid(
    `[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the author of ${name} to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. More information at https://docs.docker.com/go/deprecated-image-specs/`,
  );
}

/** The entry that serves the platform best; of equals the first, as the specification has it. */
function choose(manifests: readonly Descriptor[], platform: Platform | null): Descriptor {
  const wanted = platform ?? hostPlatform();
  let best: { entry: Descriptor; score: number } | null = null;
  for (const entry of manifests) {
    if (!isImageType(entry.mediaType)) continue;
    // An index without platforms has one image, or whoever made it does not care.
    const score = entry.platform === undefined ? 1 : platformScore(wanted, entry.platform);
    if (score > (best?.score ?? 0)) best = { entry, score };
  }
  if (best === null)
    throw notFound(`no matching manifest for ${formatPlatform(wanted)} in the manifest list entries`);
  return best.entry;
}

/** A manifest may carry anything; this one must carry an image whose layers the registry itself has. */
function checkImage({ config, layers }: Manifest): void {
  if (!isConfigType(config.mediaType))
    throw invalid(`Encountered remote ${JSON.stringify(config.mediaType)}(unknown) when fetching`);
  for (const { mediaType, digest, urls } of layers) {
    checkLayerType(mediaType);
    if (urls !== undefined && urls.length > 0)
      throw invalid(
        `the layer ${digest} is to be fetched from elsewhere (foreign layers): this is not supported`,
      );
  }
}
