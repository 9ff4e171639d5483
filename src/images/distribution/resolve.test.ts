import { afterAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openContent } from '../../content/content.ts';
import { notFound } from '../../lib/errors.ts';
import { type Digest, parseDigest } from '../../lib/ids.ts';
import { mediaTypes } from '../../oci/image-parse.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { RemoteManifest, Repository } from '../../registry/client/model.ts';
import { documentKind, resolveImage } from './resolve.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-resolve-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const content = openContent(directory);

const sha = (bytes: Uint8Array): Digest =>
  parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

const documents = new Map<string, RemoteManifest>();

function put(
  mediaType: string,
  document: object,
  name = '',
): { mediaType: string; digest: Digest; size: number } {
  const bytes = Buffer.from(JSON.stringify(document));
  const manifest = { mediaType, digest: sha(bytes), bytes };
  documents.set(manifest.digest, manifest);
  if (name !== '') documents.set(name, manifest);
  return { mediaType, digest: manifest.digest, size: bytes.length };
}

const remote = {
  manifest: async (reference: string) => {
    const found = documents.get(reference);
    if (found === undefined) throw notFound('manifest unknown');
    return found;
  },
} as unknown as Repository;

const blob = (n: number, mediaType: string, more: object = {}) => ({
  mediaType,
  digest: `sha256:${String(n).repeat(64)}`,
  size: 1,
  ...more,
});
const layer = blob(2, `${mediaTypes.ociLayer}+gzip`);
const manifest = (layers: object[] = [layer], config: object = blob(1, mediaTypes.ociConfig)) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config,
  layers,
});
const index = (manifests: object[]) => ({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });

const resolve = (reference: string, platform = '') =>
  resolveImage(
    remote,
    content,
    {
      reference,
      name: `docker.io/library/${reference}`,
      platform: platform ? parsePlatform(platform) : null,
    },
    new AbortController().signal,
  );

const amd64 = { platform: { os: 'linux', architecture: 'amd64' } };
const arm64 = { platform: { os: 'linux', architecture: 'arm64' } };

describe('from a reference to a manifest', () => {
  test('through nested indexes, all documents kept', async () => {
    const inner = put(mediaTypes.ociManifest, manifest());
    const nested = put(mediaTypes.ociIndex, index([{ ...inner, ...amd64 }]));
    const other = put(mediaTypes.ociManifest, manifest([blob(3, mediaTypes.ociLayer)]));
    const top = put(mediaTypes.ociIndex, index([{ ...other, ...arm64 }, nested]), 'nested');
    const resolved = await resolve('nested', 'linux/amd64');
    expect([resolved.target, resolved.manifestDigest]).toEqual([top.digest, inner.digest]);
    expect(resolved.documents).toEqual([top.digest, nested.digest, inner.digest]);
    for (const digest of resolved.documents) expect(content.has(digest)).toBe(true);
    expect((await resolve('nested', 'linux/arm64')).manifestDigest).toBe(other.digest);
  });

  test('no entry for the platform', async () => {
    put(mediaTypes.ociIndex, index([{ ...put(mediaTypes.ociManifest, manifest()), ...arm64 }]), 'arm');
    await expect(resolve('arm', 'linux/s390x')).rejects.toThrow(
      'no matching manifest for linux/s390x in the manifest list entries',
    );
  });

  test('indexes that go on and on', async () => {
    let entry: object = put(mediaTypes.ociManifest, manifest());
    for (let depth = 0; depth < 6; depth++) entry = put(mediaTypes.ociIndex, index([entry]), 'deep');
    await expect(resolve('deep')).rejects.toThrow('too many levels');
  });

  const refused: [string, string, object, RegExp][] = [
    [
      'schema 1 by its type',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      { schemaVersion: 1 },
      /DEPRECATION NOTICE.*docker\.io\/library\/bad/,
    ],
    ['schema 1 by its version', 'application/json', { schemaVersion: 1, fsLayers: [] }, /schema 1 support/],
    ['another kind of thing', 'application/vnd.example+json', { schemaVersion: 2 }, /unsupported media type/],
    [
      'an index that says it is a manifest',
      mediaTypes.ociIndex,
      manifest(),
      /mediaType in manifest should be/,
    ],
    [
      'an index and a manifest at once',
      mediaTypes.ociIndex,
      { ...index([]), layers: [] },
      /it has "layers" as well/,
    ],
    [
      'a chart',
      mediaTypes.ociManifest,
      manifest([layer], blob(1, 'application/vnd.cncf.helm.config.v1+json')),
      /Encountered remote "application\/vnd\.cncf\.helm\.config\.v1\+json"/,
    ],
    [
      'a foreign layer by its type',
      mediaTypes.ociManifest,
      manifest([blob(2, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')]),
      /foreign layers/,
    ],
    [
      'a foreign layer by its URLs',
      mediaTypes.ociManifest,
      manifest([{ ...layer, urls: ['http://169.254.169.254/latest/meta-data'] }]),
      /foreign layers/,
    ],
    [
      'a layer that is no tar',
      mediaTypes.ociManifest,
      manifest([blob(2, 'application/vnd.wasm.content.layer.v1+wasm')]),
      /unsupported layer media type/,
    ],
    [
      'a digest that is a path',
      mediaTypes.ociManifest,
      manifest([{ ...layer, digest: 'sha256:../../x' }]),
      /invalid digest/,
    ],
  ];
  for (const [what, mediaType, document, message] of refused)
    test(`${what} is refused`, async () => {
      put(mediaType, document, 'bad');
      await expect(resolve('bad')).rejects.toThrow(message);
    });

  test('a registry that sends a general type is not asked', () => {
    const kind = (mediaType: string, document: object) =>
      documentKind(
        { mediaType, digest: sha(Buffer.from('')), bytes: Buffer.from(JSON.stringify(document)) },
        'x',
      );
    expect(kind('text/plain; charset=utf-8', manifest())).toBe('manifest');
    expect(kind('application/json', { schemaVersion: 2, manifests: [] })).toBe('index');
    expect(kind('', { schemaVersion: 2, config: {}, layers: [] })).toBe('manifest');
  });
});
