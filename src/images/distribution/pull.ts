/** `docker pull`: from a reference to an image, in Docker's words. */
import { EngineError, invalid, isKind, messageOf, notFound } from '../../lib/errors.ts';
import { type Digest, parseDigest } from '../../lib/ids.ts';
import { type Operational, quiet } from '../../lib/op.ts';
import {
  canonicalName,
  familiarName,
  familiarRepository,
  type ImageName,
  repository,
  withTag,
} from '../../lib/reference.ts';
import type { Descriptor, Platform } from '../../oci/image.ts';
import { documentLimit, parseImageConfig } from '../../oci/image-parse.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { RegistryFailure, Repository } from '../../registry/client/model.ts';
import { adoptImage } from '../adopt.ts';
import type { Reference } from '../names.ts';
import type { DistributionContext } from './context.ts';
import { emitTransfer } from './events.ts';
import { fetchLayers, type RemoteLayer } from './fetch-layers.ts';
import type { PullOptions } from './model.ts';
import { type ResolvedImage, resolveImage } from './resolve.ts';

/** Pulls what the name says, or with `allTags` everything that the repository has. */
export async function pullImages(
  context: DistributionContext,
  name: ImageName,
  options: PullOptions,
  op: Operational,
): Promise<void> {
  const { credentials } = options;
  const remote = context.registries.repository(name, { credentials, actions: 'pull' });
  const platform = options.platform === '' ? null : parsePlatform(options.platform);
  await using _ = await context.images.collector.use();
  try {
    let news = false;
    for (const one of await wantedNames(remote, name, options.allTags, op.signal))
      if (await pullOne(context, remote, one, platform, op)) news = true;
    const what = options.allTags ? familiarRepository(name) : familiarName(withTag(name));
    const status = news ? 'Downloaded newer image for' : 'Image is up to date for';
    op.progress({ kind: 'status', status: `Status: ${status} ${what}` });
  } finally {
    await context.images.collector.collect();
  }
}

async function wantedNames(
  remote: Repository,
  name: ImageName,
  allTags: boolean,
  signal: AbortSignal,
): Promise<ImageName[]> {
  if (!allTags) return [withTag(name)];
  if (name.tag !== null || name.digest !== null) throw invalid("tag can't be used with --all-tags/-a");
  try {
    return await Array.fromAsync(remote.tags(signal), (tag): ImageName => ({ ...name, tag }));
  } catch (error) {
    throw pullError(error, name);
  }
}

/** Returns whether anything is new. */
async function pullOne(
  context: DistributionContext,
  remote: Repository,
  name: ImageName,
  platform: Platform | null,
  op: Operational,
): Promise<boolean> {
  const { images } = context;
  const resolved = await resolve(context, remote, name, platform, op.signal);
  const shown = name.digest ?? name.tag ?? '';
  op.progress({ kind: 'status', id: shown, status: `Pulling from ${name.path}` });
  const { config: configDescriptor } = resolved.manifest;
  const id = await fetchConfig(context, remote, configDescriptor, op.signal);
  const layers = await remoteLayers(context, resolved, id);
  const fetched = await fetchLayers(images, context.downloads, remote, layers, op);
  const references = referencesOf(name, resolved.target);
  const before = references.map((reference) => images.records.names.find(reference)?.image ?? null);
  const source = {
    target: resolved.target,
    manifest: resolved.manifestDigest,
    also: resolved.documents,
    parent: null,
    madeHere: false,
    platform,
  };
  await adoptImage(images, source, references, quiet(op));
  op.progress({ kind: 'status', status: `Digest: ${resolved.target}` });
  emitTransfer(images, 'pull', id, name);
  return fetched > 0 || before.some((image) => image !== id);
}

async function resolve(
  { images }: DistributionContext,
  remote: Repository,
  name: ImageName,
  platform: Platform | null,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const wanted = {
    // The tag beside a digest is only a remark.
    reference: name.digest ?? name.tag ?? 'latest',
    name: canonicalName(name),
    platform,
  };
  try {
    return await resolveImage(remote, images.content, wanted, signal);
  } catch (error) {
    throw pullError(error, name);
  }
}

async function fetchConfig(
  { images: { content, records } }: DistributionContext,
  remote: Repository,
  { digest: text, size }: Descriptor,
  signal: AbortSignal,
): Promise<Digest> {
  const digest = parseDigest(text);
  if (size > documentLimit) throw invalid(`image config ${digest} is too large: ${size} bytes`);
  if (!content.has(digest)) {
    const { chunks } = await remote.blob(digest, { offset: 0, size, signal });
    await content.write(chunks, { digest, size });
    records.leases.take(digest);
  }
  return digest;
}

/** Layers of the manifest with the DiffIDs that the config promises for them. */
async function remoteLayers(
  { images: { content } }: DistributionContext,
  { manifest }: ResolvedImage,
  id: Digest,
): Promise<RemoteLayer[]> {
  const { diff_ids: diffIds } = parseImageConfig(await content.read(id, documentLimit)).rootfs;
  if (diffIds.length !== manifest.layers.length)
    throw invalid(
      `invalid manifest, layer length mismatch: expected ${diffIds.length}, got ${manifest.layers.length}`,
    );
  return manifest.layers.map(({ digest, size }, index) => ({
    digest: parseDigest(digest),
    size,
    diffId: parseDigest(diffIds[index] ?? ''),
  }));
}

/** A tag is moved here; the digest is what the repository is known to have. */
function referencesOf(name: ImageName, target: Digest): Reference[] {
  const byDigest: Reference = { kind: 'digest', repository: repository(name), digest: target };
  if (name.tag === null || name.digest !== null) return [byDigest];
  return [{ kind: 'tag', repository: repository(name), tag: name.tag }, byDigest];
}

const denied = ['DENIED', 'UNAUTHORIZED', 'NAME_UNKNOWN'];

/** What a registry refused, in the words that Docker finds for it; anything else unchanged. */
export function pullError(error: unknown, name: ImageName): unknown {
  if (!(error instanceof EngineError) || error.cause === undefined) return error;
  const { code, status } = error.cause as Partial<RegistryFailure>;
  if (typeof status !== 'number' || code === undefined) return error;
  const cause = { cause: error.cause };
  if (code === 'MANIFEST_UNKNOWN' || (code === '' && isKind(error, 'notFound')))
    return notFound(`manifest for ${familiarName(name)} not found: ${messageOf(error)}`, cause);
  if (!denied.includes(code)) return error;
  return notFound(
    `pull access denied for ${familiarRepository(name)}, repository does not exist or may require 'docker login': ${messageOf(error)}`,
    cause,
  );
}
