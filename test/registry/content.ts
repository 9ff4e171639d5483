/** Content for registries to hold, and a client that is in a hurry. */
import { createHash, randomBytes } from 'node:crypto';
import { parseDigest } from '../../src/lib/ids.ts';
import type {
  BlobSource,
  Credentials,
  Registries,
  RegistryOptions,
  RemoteManifest,
} from '../../src/registry/client/model.ts';
import { openRegistries, type RegistriesParts } from '../../src/registry/client/registries.ts';
import { systemClock } from '../../src/registry/client/retries.ts';

export const anonymous: Credentials = { kind: 'anonymous' };
export const never = new AbortController().signal;

export const digestOf = (bytes: Uint8Array) =>
  parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

export interface TestBlob extends BlobSource {
  bytes: Buffer;
  /** Every offset it was opened from. */
  opened: number[];
}

export function blobOf(bytes: Buffer, chunk = 64 << 10): TestBlob {
  const opened: number[] = [];
  return {
    bytes,
    opened,
    digest: digestOf(bytes),
    size: bytes.byteLength,
    async *open(offset) {
      opened.push(offset);
      for (let at = offset; at < bytes.byteLength; at += chunk) yield bytes.subarray(at, at + chunk);
    },
  };
}

export const randomBlob = (size: number) => blobOf(randomBytes(size));

/** An image manifest of these blobs: config first. */
export function manifestOf(config: BlobSource, ...layers: BlobSource[]): RemoteManifest {
  const descriptor = (mediaType: string, { digest, size }: BlobSource) => ({ mediaType, digest, size });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
    }),
  );
  return { mediaType, digest: digestOf(bytes), bytes };
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** A client that waits a hundredth of the time between tries. */
export function registries(options: Partial<RegistryOptions> = {}, parts: RegistriesParts = {}): Registries {
  return openRegistries(
    { insecure: [], mirrors: [], certificates: [], attempts: 5, ...options },
    {
      clock: {
        ...systemClock,
        sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / 100, signal),
      },
      environment: {},
      ...parts,
    },
  );
}

/** An image of two blobs under `path:tag`; null when the registry had to be told nothing. */
export async function pushImage(
  client: Registries,
  name: { domain: string; path: string },
  credentials: Credentials = anonymous,
  tag = 'latest',
) {
  const config = blobOf(
    Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', at: Math.random() })),
  );
  const layer = randomBlob(3 << 20);
  const manifest = manifestOf(config, layer);
  const repository = client.repository(name, { credentials, actions: 'push' });
  const options = { mountFrom: [], signal: never, progress: () => undefined };
  const pushed = [await repository.pushBlob(config, options), await repository.pushBlob(layer, options)];
  await repository.pushManifest(tag, manifest, never);
  return { config, layer, manifest, pushed };
}
