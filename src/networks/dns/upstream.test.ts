import { expect, test } from 'bun:test';
import { encode } from 'dns-packet';
import { emptyResponse, type ResponseCode } from './message.ts';
import { type Ask, askWorld } from './upstream.ts';

const query = encode({ id: 1, type: 'query', questions: [{ name: 'example.com', type: 'A', class: 'IN' }] });
const says = (code: ResponseCode) => emptyResponse(query, code);

/** Servers by name; what they say. */
const world =
  (servers: Record<string, Buffer | null>, asked: string[] = []): Ask =>
  async (server) => {
    asked.push(server);
    return servers[server] ?? null;
  };

test('the first that answers, in order', async () => {
  const asked: string[] = [];
  const good = says(0);
  expect(await askWorld(query, ['dead', 'b', 'c'], 'udp', world({ b: good, c: says(0) }, asked))).toBe(good);
  expect(asked).toEqual(['dead', 'b']);
});

test('a server that fails or refuses is the turn of the next; a name that does not exist is an answer', async () => {
  const good = says(0);
  const nxdomain = says(3 as ResponseCode);
  expect(await askWorld(query, ['a', 'b', 'c'], 'udp', world({ a: says(2), b: says(5), c: good }))).toBe(
    good,
  );
  expect(await askWorld(query, ['a', 'b'], 'udp', world({ a: nxdomain, b: good }))).toBe(nxdomain);
});

test('nobody', async () => {
  const refusal = says(5);
  expect(await askWorld(query, ['a', 'b'], 'udp', world({ a: refusal }))).toBe(refusal);
  expect(await askWorld(query, ['a'], 'udp', world({}))).toBeNull();
});
