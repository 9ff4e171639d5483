import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { succeed } from '../rig/command.ts';
import { anonymous, collect, digestOf, never, pushImage, randomBlob, registries } from './content.ts';
import { startRegistry, type TestRegistry } from './rig.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const client = registries();
const at = (path: string, actions: 'pull' | 'push' = 'pull') =>
  client.repository({ domain: registry.host, path }, { credentials: anonymous, actions });
const quiet = { mountFrom: [], signal: never, progress: () => undefined };

describe('a registry over plain HTTP on loopback', () => {
  test('takes an image and gives it back', async () => {
    const { layer, manifest, pushed } = await pushImage(client, { domain: registry.host, path: 'a/image' });
    expect(pushed).toEqual(['uploaded', 'uploaded']);
    const repository = at('a/image');
    for (const reference of ['latest', manifest.digest]) {
      expect(await repository.manifest(reference, never)).toEqual(manifest);
      expect(await repository.resolve(reference, never)).toEqual({
        mediaType: manifest.mediaType,
        digest: manifest.digest,
        size: manifest.bytes.byteLength,
      });
    }
    const { offset, chunks } = await repository.blob(layer.digest, {
      offset: 0,
      size: layer.size,
      signal: never,
    });
    expect(offset).toBe(0);
    expect(digestOf(await collect(chunks))).toBe(layer.digest);
    const seen = await succeed([
      'skopeo',
      'inspect',
      '--tls-verify=false',
      `docker://${registry.host}/a/image`,
    ]);
    expect(JSON.parse(seen)).toMatchObject({ Digest: manifest.digest, Layers: [layer.digest] });
  });

  test('has another name', async () => {
    const { manifest } = await pushImage(client, { domain: registry.host, path: 'a/name' });
    const domain = registry.host.replace('127.0.0.1', 'localhost');
    const repository = client.repository(
      { domain, path: 'a/name' },
      { credentials: anonymous, actions: 'pull' },
    );
    expect((await repository.manifest('latest', never)).digest).toBe(manifest.digest);
  });

  test('sends a blob from an offset', async () => {
    const { layer } = await pushImage(client, { domain: registry.host, path: 'a/part' });
    const start = 1_000_001;
    const { offset, chunks } = await at('a/part').blob(layer.digest, {
      offset: start,
      size: layer.size,
      signal: never,
    });
    expect(offset).toBe(start);
    expect(await collect(chunks)).toEqual(layer.bytes.subarray(start));
  });

  test('uploads empty, small and large blobs, says how far it is, and sends nothing twice', async () => {
    const repository = at('a/blobs', 'push');
    for (const size of [0, 1, 1 << 20, (1 << 20) + 1, 40 << 20]) {
      const blob = randomBlob(size);
      const seen: number[] = [];
      const options = { ...quiet, progress: (sent: number) => seen.push(sent) };
      expect(await repository.pushBlob(blob, options)).toBe('uploaded');
      expect(seen.at(-1) ?? 0).toBe(size);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(await repository.hasBlob(blob.digest, never)).toBe(true);
      expect(await repository.pushBlob(blob, quiet)).toBe('exists');
      const { chunks } = await repository.blob(blob.digest, { offset: 0, size, signal: never });
      expect(digestOf(await collect(chunks))).toBe(blob.digest);
    }
  });
});
