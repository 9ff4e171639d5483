/** Docker's /distribution: what a tag points at, without pulling it. */
import { parseDigest } from '../../lib/ids.ts';
import type { ImageName } from '../../lib/reference.ts';
import type { Platform } from '../../oci/image.ts';
import { documentLimit, parseImageConfig, parseIndex, parseManifest } from '../../oci/image-parse.ts';
import type { Repository } from '../../registry/client/model.ts';
import type { RemoteImage } from './model.ts';
import { pullError } from './pull.ts';
import { documentKind } from './resolve.ts';

export interface RemoteReference {
  remote: Repository;
  name: ImageName;
  /** Tag or digest. */
  tag: string;
}

export async function inspectRemote(
  { remote, name, tag }: RemoteReference,
  signal: AbortSignal,
): Promise<RemoteImage> {
  try {
    const manifest = await remote.manifest(tag, signal);
    const kind = documentKind(manifest, tag);
    const platforms =
      kind === 'index'
        ? parseIndex(manifest.bytes).manifests.flatMap(({ platform }) => platform ?? [])
        : [await platformOf(remote, manifest.bytes, signal)];
    const { mediaType, digest, bytes } = manifest;
    return { descriptor: { mediaType, digest, size: bytes.length }, platforms };
  } catch (error) {
    throw pullError(error, name);
  }
}

/** A manifest does not say for which platform it is; its config does. */
async function platformOf(remote: Repository, manifest: Buffer, signal: AbortSignal): Promise<Platform> {
  const { config } = parseManifest(manifest);
  const size = Math.min(config.size, documentLimit);
  const { chunks } = await remote.blob(parseDigest(config.digest), { offset: 0, size, signal });
  const parsed = parseImageConfig(Buffer.concat(await Array.fromAsync(chunks)));
  const { architecture, os, variant } = parsed;
  return { architecture, os, ...(variant ? { variant } : {}) };
}
