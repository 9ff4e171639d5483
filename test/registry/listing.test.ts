import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { anonymous, never, pushImage, registries } from './content.ts';
import { FaultProxy } from './fault-proxy.ts';
import { startRegistry, type TestRegistry } from './rig.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const client = registries();
const tagsAt = (host: string, path = 'team/app') =>
  client.repository({ domain: host, path }, { credentials: anonymous, actions: 'pull' }).tags(never);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}

describe('tags', () => {
  test('are listed, and those of a repository that is not there are not', async () => {
    for (const tag of ['1.0', '2.0', 'latest'])
      await pushImage(client, { domain: registry.host, path: 'team/app' }, anonymous, tag);
    expect((await all(tagsAt(registry.host))).toSorted()).toEqual(['1.0', '2.0', 'latest']);
    await expect(all(tagsAt(registry.host, 'nothing'))).rejects.toThrow(
      'name unknown: repository name not known to registry',
    );
  });

  test('come in pages, all of the same registry, with an end', async () => {
    const page = (tags: string[], link: string) => (exchange: Parameters<FaultProxy['interfere']>[0]) =>
      exchange.reply(200, link === '' ? {} : { link }, JSON.stringify({ tags }));
    await using proxy = await FaultProxy.start('', (exchange) =>
      exchange.path.includes('last=b')
        ? page(['c'], '')(exchange)
        : page(['a', 'b'], '</v2/team/app/tags/list?n=2&last=b>; rel="next"')(exchange),
    );
    expect(await all(tagsAt(proxy.host))).toEqual(['a', 'b', 'c']);
    proxy.interfere = page(['a'], '<http://127.0.0.2/v2/x/tags/list>; rel="next"');
    await expect(all(tagsAt(proxy.host))).rejects.toThrow('not the registry');
    proxy.interfere = (exchange) => exchange.reply(200, {}, '{"tags": [1]}');
    await expect(all(tagsAt(proxy.host))).rejects.toThrow('not a list of names');
    proxy.interfere = (exchange) => exchange.reply(200, {}, '<html>');
    await expect(all(tagsAt(proxy.host))).rejects.toThrow('not JSON');
    proxy.interfere = (exchange) => exchange.reply(200, {}, '{"tags": null}');
    expect(await all(tagsAt(proxy.host))).toEqual([]);
  });
});

describe('search', () => {
  test('goes through the catalogue where there is no index, page after page', async () => {
    for (const path of ['search/one', 'search/two', 'other'])
      await pushImage(client, { domain: registry.host, path });
    const found = await client.search(`${registry.host}/search`, {
      limit: 25,
      credentials: anonymous,
      signal: never,
    });
    expect(found.map(({ name }) => name).toSorted()).toEqual(['search/one', 'search/two']);
    const few = await client.search(`${registry.host}/search`, {
      limit: 1,
      credentials: anonymous,
      signal: never,
    });
    expect(few).toHaveLength(1);
  });

  test('asks the index where there is one', async () => {
    const results = [
      { name: 'app', description: 'An app', star_count: 3, is_official: true, is_automated: false },
      { name: 5, description: null, star_count: 'many' },
    ];
    await using proxy = await FaultProxy.start('', (exchange) =>
      exchange.reply(200, {}, JSON.stringify({ results })),
    );
    const options = { limit: 25, credentials: anonymous, signal: never };
    expect(await client.search(`${proxy.host}/app`, options)).toEqual([
      { name: 'app', description: 'An app', stars: 3, official: true, automated: false },
      { name: '', description: '', stars: 0, official: false, automated: false },
    ]);
    expect(proxy.seen.at(-1)?.path).toBe('/v1/search?q=app&n=25');
  });
});
