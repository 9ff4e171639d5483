import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { anonymous, blobOf, collect, never, randomBlob, registries, type TestBlob } from './content.ts';
import { type Exchange, FaultProxy } from './fault-proxy.ts';
import { startRegistry, type TestRegistry } from './rig.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const options = { mountFrom: [], signal: never, progress: () => undefined };
const repositoryAt = (host: string, path: string, attempts = 5) =>
  registries({ attempts }).repository({ domain: host, path }, { credentials: anonymous, actions: 'push' });

/** It is there, and what it should be: asked without the proxy. */
async function stored(path: string, blob: TestBlob): Promise<boolean> {
  const { chunks } = await repositoryAt(registry.host, path).blob(blob.digest, {
    offset: 0,
    size: blob.size,
    signal: never,
  });
  return (await collect(chunks)).equals(blob.bytes);
}

/** docker-registry keeps the directory of an upload that was cancelled, but not its bytes. */
function halfUploads(path: string): string[] {
  const directory = join(registry.storage, 'docker/registry/v2/repositories', path, '_uploads');
  return readdirSync(directory).filter((upload) => existsSync(join(directory, upload, 'data')));
}

/**
 * A registry that takes only part of what it is sent, as those do that write in steps: docker-registry itself forgets an upload whose
 * connection breaks. `then` decides how the client learns of it.
 */
function taking(bytes: number, then: 'cut' | 'answer') {
  let location = '';
  let interrupted = false;
  return async (exchange: Exchange) => {
    if (exchange.method === 'PATCH' && !interrupted) {
      interrupted = true;
      const body = (await exchange.body()).subarray(0, bytes);
      const answer = await exchange.ask('PATCH', exchange.path, {}, body);
      location = String(answer.headers.location);
      if (then === 'cut') return exchange.cut();
      return exchange.reply(202, { location, range: String(answer.headers.range) });
    }
    if (exchange.method !== 'GET' || location === '') return exchange.forward();
    const { pathname, search } = new URL(location);
    const answer = await exchange.ask('GET', pathname + search, {});
    return exchange.reply(answer.status, {
      location: String(answer.headers.location),
      range: String(answer.headers.range),
    });
  };
}

describe('an upload', () => {
  test('goes on from where the registry says it is, after a broken connection', async () => {
    await using proxy = await FaultProxy.start(registry.url, taking(3_000_000, 'cut'));
    const blob = randomBlob(8 << 20);
    expect(await repositoryAt(proxy.host, 'resumed').pushBlob(blob, options)).toBe('uploaded');
    expect(blob.opened).toEqual([0, 3_000_000]);
    expect(proxy.seen.at(-2)?.headers['content-range']).toBe(`3000000-${blob.size - 1}`);
    expect(await stored('resumed', blob)).toBe(true);
  });

  test('sends the rest to a registry that took only part', async () => {
    await using proxy = await FaultProxy.start(registry.url, taking(3_000_000, 'answer'));
    const blob = randomBlob(8 << 20);
    expect(await repositoryAt(proxy.host, 'partial').pushBlob(blob, options)).toBe('uploaded');
    expect(blob.opened).toEqual([0, 3_000_000]);
    expect(await stored('partial', blob)).toBe(true);
  });

  test('begins anew where the registry no longer knows', async () => {
    let cut = false;
    await using proxy = await FaultProxy.start(registry.url, async (exchange) => {
      if (exchange.method !== 'PATCH' || cut) return exchange.forward();
      cut = true;
      await exchange.ask('PATCH', exchange.path, {}, (await exchange.body()).subarray(0, 1_000_000));
      exchange.cut();
    });
    const blob = randomBlob(4 << 20);
    expect(await repositoryAt(proxy.host, 'anew').pushBlob(blob, options)).toBe('uploaded');
    expect(blob.opened).toEqual([0, 0]);
    expect(await stored('anew', blob)).toBe(true);
  });

  test('is not sent again when only the last answer was lost', async () => {
    let cut = false;
    await using proxy = await FaultProxy.start(registry.url, async (exchange) => {
      if (exchange.method !== 'PUT' || cut) return exchange.forward();
      cut = true;
      await exchange.ask('PUT', exchange.path, {}, await exchange.body());
      exchange.cut();
    });
    const blob = randomBlob(1000);
    expect(await repositoryAt(proxy.host, 'answered').pushBlob(blob, options)).toBe('uploaded');
    expect(blob.opened).toEqual([0]);
    expect(await stored('answered', blob)).toBe(true);
  });

  test('follows relative locations with what their query says', async () => {
    await using proxy = await FaultProxy.start(registry.url, async (exchange) => {
      if (exchange.method !== 'POST') return exchange.forward();
      const answer = await exchange.ask('POST', exchange.path, {});
      const { pathname, search } = new URL(String(answer.headers.location));
      exchange.reply(202, { location: `${pathname}${search}&mark=a%2Bb~c` });
    });
    const blob = randomBlob(1000);
    expect(await repositoryAt(proxy.host, 'relative').pushBlob(blob, options)).toBe('uploaded');
    expect(proxy.seen.at(-1)?.path).toContain('&mark=a%2Bb~c&digest=sha256%3A');
  });

  test('that is given up leaves nothing', async () => {
    const controller = new AbortController();
    // The registry never sees the bytes: one that has some of them wants to be asked with a state that nobody was told.
    await using proxy = await FaultProxy.start(registry.url, (exchange) =>
      exchange.method === 'PATCH' ? controller.abort(new Error('the client went away')) : exchange.forward(),
    );
    const blob = randomBlob(64 << 20);
    const pushed = repositoryAt(proxy.host, 'aborted').pushBlob(blob, {
      ...options,
      signal: controller.signal,
    });
    await expect(pushed).rejects.toThrow('the client went away');
    expect(proxy.requests.at(-1)).toStartWith('DELETE /v2/aborted/blobs/uploads/');
    expect(halfUploads('aborted')).toEqual([]);
  });

  test('whose source fails says so, and is not tried again', async () => {
    const blob = randomBlob(4 << 20);
    const broken = {
      ...blob,
      async *open() {
        yield blob.bytes.subarray(0, 1000);
        throw new Error('the disk is gone');
      },
    };
    await expect(repositoryAt(registry.host, 'source').pushBlob(broken, options)).rejects.toThrow(
      'the disk is gone',
    );
    const short = { ...blob, size: blob.size + 1 };
    await expect(repositoryAt(registry.host, 'source').pushBlob(short, options)).rejects.toThrow(
      'does not have the 4194305 bytes it should have',
    );
    const long = { ...blob, size: blob.size - 1 };
    await expect(repositoryAt(registry.host, 'source').pushBlob(long, options)).rejects.toThrow(
      'does not have the 4194303 bytes it should have',
    );
  });

  test('with content of another digest is refused by the registry', async () => {
    const blob = { ...randomBlob(100), digest: randomBlob(100).digest };
    const error = await repositoryAt(registry.host, 'wrong')
      .pushBlob(blob, options)
      .catch((thrown) => thrown);
    expect(error.message).toStartWith('digest invalid: provided digest did not match uploaded content');
    expect(error.kind).toBe('invalid');
  });

  test('in a registry that takes nothing ends', async () => {
    await using proxy = await FaultProxy.start(registry.url, async (exchange) => {
      if (exchange.method !== 'PATCH') return exchange.forward();
      await exchange.body();
      exchange.cut();
    });
    const blob = randomBlob(2 << 20);
    await expect(repositoryAt(proxy.host, 'never', 3).pushBlob(blob, options)).rejects.toThrow('EOF');
    expect(proxy.seen.filter(({ method }) => method === 'PATCH')).toHaveLength(3);
  });
});

describe('a manifest', () => {
  test('that the registry stores as another is an error', async () => {
    const digest = randomBlob(1).digest;
    await using proxy = await FaultProxy.start('', (exchange) =>
      exchange.reply(201, { 'docker-content-digest': digest }),
    );
    const bytes = Buffer.from('{}');
    const manifest = { mediaType: 'application/json', digest: blobOf(bytes).digest, bytes };
    await expect(repositoryAt(proxy.host, 'm').pushManifest('latest', manifest, never)).rejects.toThrow(
      `as "${digest}"`,
    );
  });

  test('whose blobs are missing is refused in the registry’s words', async () => {
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        config: { mediaType: 'application/json', digest: randomBlob(3).digest, size: 3 },
        layers: [],
      }),
    );
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    const manifest = { mediaType, digest: blobOf(bytes).digest, bytes };
    await expect(repositoryAt(registry.host, 'm').pushManifest('latest', manifest, never)).rejects.toThrow(
      'manifest blob unknown: blob unknown to registry',
    );
  });
});
