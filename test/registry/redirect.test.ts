import { describe, expect, test } from 'bun:test';
import type { Credentials } from '../../src/registry/client/model.ts';
import { anonymous, blobOf, collect, never, pushImage, randomBlob, registries } from './content.ts';
import { FaultProxy } from './fault-proxy.ts';
import { startRegistry } from './rig.ts';

const username = 'alice';
const password = 'secret-password';
const alice: Credentials = { kind: 'basic', username, password };

describe('credentials stay with their host (CVE-2020-15157)', () => {
  test('a redirect to another host is followed without them', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', username, password } });
    const { layer } = await pushImage(registries(), { domain: registry.host, path: 'image' }, alice);
    await using storage = await FaultProxy.start('', (exchange) => exchange.reply(200, {}, layer.bytes));
    await using proxy = await FaultProxy.start(registry.url, (exchange) =>
      exchange.headers.authorization !== undefined && exchange.path.includes('/blobs/')
        ? exchange.reply(307, { location: `http://user:pass@${storage.host}/bucket?signature=abc` })
        : exchange.forward(),
    );
    const repository = registries().repository(
      { domain: proxy.host, path: 'image' },
      { credentials: alice, actions: 'pull' },
    );
    const { chunks } = await repository.blob(layer.digest, { offset: 0, size: layer.size, signal: never });
    expect((await collect(chunks)).equals(layer.bytes)).toBe(true);
    expect(proxy.seen.at(-1)?.headers.authorization).toStartWith('Basic ');
    expect(storage.seen).toHaveLength(1);
    expect(storage.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('a challenge from where a redirect leads is not answered', async () => {
    await using thief = await FaultProxy.start('', (exchange) =>
      exchange.reply(401, { 'www-authenticate': 'Basic realm="give me"' }),
    );
    await using proxy = await FaultProxy.start('', (exchange) =>
      exchange.reply(307, { location: `${thief.url}/x` }),
    );
    const repository = registries().repository(
      { domain: proxy.host, path: 'image' },
      { credentials: alice, actions: 'pull' },
    );
    await expect(repository.manifest('latest', never)).rejects.toThrow('unauthorized');
    expect(thief.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(proxy.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('an upload to another host goes without them, and its errors without the query', async () => {
    await using storage = await FaultProxy.start('', async (exchange) => {
      await exchange.body();
      exchange.reply(403);
    });
    await using registry = await startRegistry({ auth: { kind: 'basic', username, password } });
    await using proxy = await FaultProxy.start(registry.url, (exchange) =>
      exchange.method === 'POST' && exchange.headers.authorization !== undefined
        ? exchange.reply(202, { location: `${storage.url}/upload?signature=abc` })
        : exchange.forward(),
    );
    const repository = registries().repository(
      { domain: proxy.host, path: 'image' },
      { credentials: alice, actions: 'push' },
    );
    const options = { mountFrom: [], signal: never, progress: () => undefined };
    const error = await repository.pushBlob(randomBlob(100), options).catch((thrown: Error) => thrown);
    expect((error as Error).message).toStartWith('denied: ');
    expect(storage.requests).toEqual(['PUT /upload', 'DELETE /upload']);
    expect(storage.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test('hostile places to go are refused', async () => {
    for (const location of ['file:///etc/shadow', 'gopher://127.0.0.1/', 'http://']) {
      await using proxy = await FaultProxy.start('', (exchange) => exchange.reply(307, { location }));
      const repository = registries().repository(
        { domain: proxy.host, path: 'image' },
        { credentials: anonymous, actions: 'push' },
      );
      await expect(repository.manifest('latest', never)).rejects.toThrow('not http or https');
      proxy.interfere = (exchange) =>
        exchange.method === 'HEAD' ? exchange.reply(404) : exchange.reply(202, { location });
      const options = { mountFrom: [], signal: never, progress: () => undefined };
      await expect(repository.pushBlob(blobOf(Buffer.from('x')), options)).rejects.toThrow(
        'did not say where to upload',
      );
    }
    await using circle = await FaultProxy.start('', (exchange) =>
      exchange.reply(307, { location: exchange.path }),
    );
    const repository = registries().repository(
      { domain: circle.host, path: 'image' },
      { credentials: anonymous, actions: 'pull' },
    );
    await expect(repository.manifest('latest', never)).rejects.toThrow('stopped after 10 redirects');
  });
});
