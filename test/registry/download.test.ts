import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { messageOf } from '../../src/lib/errors.ts';
import type { RegistryFailure } from '../../src/registry/client/model.ts';
import type { RegistriesParts } from '../../src/registry/client/registries.ts';
import { anonymous, collect, never, pushImage, registries, type TestBlob } from './content.ts';
import { type Exchange, FaultProxy } from './fault-proxy.ts';
import { startRegistry, type TestRegistry } from './rig.ts';

let registry: TestRegistry;
let layer: TestBlob;
beforeAll(async () => {
  registry = await startRegistry();
  ({ layer } = await pushImage(registries(), { domain: registry.host, path: 'image' }));
});
afterAll(() => registry[Symbol.asyncDispose]());

const isBlob = ({ path }: Exchange) => path.includes('/blobs/');

/** Does something to the first `times` requests for blobs. */
function first(times: number, fault: (exchange: Exchange, count: number) => void | Promise<void>) {
  let count = 0;
  return (exchange: Exchange) => {
    if (!isBlob(exchange) || count >= times) return exchange.forward();
    return fault(exchange, count++);
  };
}

const repositoryAt = (proxy: FaultProxy, attempts = 5, parts: RegistriesParts = {}) =>
  registries({ attempts }, parts).repository(
    { domain: proxy.host, path: 'image' },
    { credentials: anonymous, actions: 'pull' },
  );

async function download(proxy: FaultProxy, { attempts = 5, offset = 0, parts = {} } = {}) {
  const options = { offset, size: layer.size, signal: never };
  const blob = await repositoryAt(proxy, attempts, parts).blob(layer.digest, options);
  return { offset: blob.offset, bytes: await collect(blob.chunks) };
}

const ranges = (proxy: FaultProxy) =>
  proxy.seen.filter(({ path }) => path.includes('/blobs/')).map(({ headers }) => headers.range ?? 'all');

describe('a download', () => {
  test('goes on where its connection broke', async () => {
    await using proxy = await FaultProxy.start(
      registry.url,
      first(3, (exchange) => exchange.forward({ cutAfter: 700_001 })),
    );
    const { offset, bytes } = await download(proxy);
    expect(offset).toBe(0);
    expect(bytes.equals(layer.bytes)).toBe(true);
    expect(ranges(proxy)).toEqual(['all', 'bytes=700001-', 'bytes=1400002-', 'bytes=2100003-']);
    // docker-registry names a blob's ETag: if it were another blob by now, all of it would come.
    expect(proxy.seen.at(-1)?.headers['if-range']).toBe(`"${layer.digest}"`);
  });

  test('skips what it has where the registry does not do ranges', async () => {
    await using proxy = await FaultProxy.start(registry.url, (exchange) =>
      exchange.forward({
        without: ['range', 'if-range'],
        cutAfter: isBlob(exchange) && exchange.headers.range === undefined ? 1_000_000 : undefined,
      }),
    );
    expect((await download(proxy)).bytes.equals(layer.bytes)).toBe(true);
    const { offset, bytes } = await download(proxy, { offset: 1_500_000 });
    expect(offset).toBe(0);
    expect(bytes.equals(layer.bytes)).toBe(true);
  });

  test('does not believe a part that is not the one it asked for', async () => {
    const lie = (header: string) =>
      FaultProxy.start(registry.url, (exchange) =>
        exchange.headers.range === undefined
          ? exchange.forward()
          : exchange.reply(206, { 'content-range': header }, 'not these bytes'),
      );
    for (const header of [`bytes 2000000-2000014/${layer.size}`, 'nonsense', '']) {
      await using proxy = await lie(header);
      const { offset, bytes } = await download(proxy, { offset: 1000 });
      expect(offset).toBe(0);
      expect(bytes.equals(layer.bytes)).toBe(true);
    }
  });

  test('begins anew when the range is not satisfiable', async () => {
    await using proxy = await FaultProxy.start(registry.url, (exchange) =>
      exchange.headers.range === undefined ? exchange.forward() : exchange.reply(416),
    );
    expect((await download(proxy, { offset: 1000 })).offset).toBe(0);
    const all = await download(proxy, { offset: layer.size });
    expect(all).toEqual({ offset: layer.size, bytes: Buffer.alloc(0) });
  });

  test('takes a connection that is silent for too long as broken', async () => {
    await using proxy = await FaultProxy.start(
      registry.url,
      first(1, (exchange) => exchange.forward({ stallAfter: 500_000 })),
    );
    const { bytes } = await download(proxy, { parts: { stall: 300 } });
    expect(bytes.equals(layer.bytes)).toBe(true);
    expect(ranges(proxy)).toEqual(['all', 'bytes=500000-']);
  });

  test('does not take a slow reader for a silent connection', async () => {
    await using proxy = await FaultProxy.start(registry.url);
    const repository = repositoryAt(proxy, 1, { stall: 300 });
    const { chunks } = await repository.blob(layer.digest, { offset: 0, size: layer.size, signal: never });
    let size = 0;
    for await (const chunk of chunks) {
      if (size === 0) await Bun.sleep(700);
      size += chunk.byteLength;
    }
    expect(size).toBe(layer.size);
  });

  test('gives up after as many tries as it may have', async () => {
    await using proxy = await FaultProxy.start(registry.url, (exchange) =>
      isBlob(exchange) ? exchange.forward({ cutAfter: 10 }) : exchange.forward(),
    );
    await expect(download(proxy, { attempts: 3 })).rejects.toThrow('unexpected EOF');
    expect(ranges(proxy)).toEqual(['all', 'bytes=10-', 'bytes=20-']);
  });

  test('refuses more bytes than the blob has, and takes fewer as a broken connection', async () => {
    await using long = await FaultProxy.start(registry.url, (exchange) =>
      exchange.reply(200, {}, Buffer.alloc(layer.size + 1)),
    );
    await expect(download(long)).rejects.toThrow(`the blob has more than ${layer.size} bytes`);
    await using short = await FaultProxy.start(
      registry.url,
      first(1, (exchange) => exchange.reply(200, {}, layer.bytes.subarray(0, 99))),
    );
    expect((await download(short)).bytes.equals(layer.bytes)).toBe(true);
  });

  test('hangs up when its signal aborts', async () => {
    const hungUp = Promise.withResolvers<void>();
    await using proxy = await FaultProxy.start(registry.url, (exchange) =>
      exchange.forward({ stallAfter: 100_000 }).then(() => hungUp.resolve()),
    );
    const controller = new AbortController();
    const options = { offset: 0, size: layer.size, signal: controller.signal };
    const { chunks } = await repositoryAt(proxy).blob(layer.digest, options);
    const reading = collect(chunks);
    await hungUp.promise;
    controller.abort(new Error('the client went away'));
    await expect(reading).rejects.toThrow('the client went away');
    expect(ranges(proxy)).toEqual(['all']);
  });
});

describe('a request', () => {
  test('is tried again when the server is in trouble, and not when it says no', async () => {
    for (const [status, tries] of [
      [500, 3],
      [502, 3],
      [503, 3],
      [408, 3],
      [429, 3],
      [501, 1],
      [400, 1],
      [403, 1],
      [404, 1],
    ] as const) {
      await using proxy = await FaultProxy.start('', (exchange) => exchange.reply(status));
      const error = await repositoryAt(proxy, 3)
        .manifest('latest', never)
        .catch((thrown: unknown) => thrown as Error);
      expect((error as Error).cause as RegistryFailure).toMatchObject({ status, code: '', message: '' });
      expect([status, proxy.seen.length]).toEqual([status, tries]);
    }
  });

  test('waits as long as it is told, unless that is too long', async () => {
    const waits: number[] = [];
    const clock = { now: () => 0, random: () => 0, sleep: async (ms: number) => void waits.push(ms) };
    const after = (seconds: string) => (exchange: Exchange) =>
      exchange.reply(
        429,
        { 'retry-after': seconds },
        '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}',
      );
    await using patient = await FaultProxy.start('', after('7'));
    await expect(repositoryAt(patient, 3, { clock }).manifest('latest', never)).rejects.toThrow(
      'toomanyrequests: slow down',
    );
    expect(waits).toEqual([7000, 7000]);
    await using hours = await FaultProxy.start('', after('21600'));
    await expect(repositoryAt(hours, 3, { clock }).manifest('latest', never)).rejects.toThrow('slow down');
    expect(hours.seen).toHaveLength(1);
  });

  test('has an answer of bounded size, and its own digest', async () => {
    await using large = await FaultProxy.start('', (exchange) =>
      exchange.reply(200, {}, Buffer.alloc(5 << 20)),
    );
    await expect(repositoryAt(large).manifest('latest', never)).rejects.toThrow('more than 4194304 bytes');
    await using other = await FaultProxy.start(registry.url, (exchange) => exchange.reply(200, {}, '{}'));
    await expect(repositoryAt(other).manifest(layer.digest, never)).rejects.toThrow(
      `manifest verification failed for digest ${layer.digest}`,
    );
  });

  test('says what Docker says when nobody is there, and when it is not there', async () => {
    const proxy = await FaultProxy.start('');
    const { host } = proxy;
    const repository = repositoryAt(proxy, 1);
    await proxy[Symbol.asyncDispose]();
    expect(messageOf(await repository.manifest('latest', never).catch((error) => error))).toBe(
      `Get "http://${host}/v2/image/manifests/latest": dial tcp ${host}: connect: connection refused`,
    );
    const missing = registries().repository(
      { domain: registry.host, path: 'image' },
      { credentials: anonymous, actions: 'pull' },
    );
    const error = (await missing.manifest('nothing', never).catch((thrown) => thrown)) as Error;
    expect(error.message).toBe('manifest unknown: manifest unknown');
    expect(error.cause).toMatchObject({
      status: 404,
      code: 'MANIFEST_UNKNOWN',
      message: 'manifest unknown',
    });
  });
});
