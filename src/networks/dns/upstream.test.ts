import { describe, expect, test } from 'bun:test';
import { parsed, queryFor } from './dns.test-data.ts';
import type { Exchange } from './exchange.ts';
import { overloaded, Upstream } from './upstream.ts';

type Server = (exchange: Exchange) => Buffer | null;

/** Servers by address; what they were asked, in order. */
function world(servers: Record<string, Server>) {
  const asked: string[] = [];
  const ask = (transport: string) => async (exchange: Exchange) => {
    asked.push(`${transport} ${exchange.server}`);
    const answer = servers[exchange.server]?.(exchange) ?? null;
    return answer && exchange.answers(answer) ? answer : null;
  };
  return { asked, upstream: new Upstream({ udp: ask('udp'), tcp: ask('tcp') }) };
}

const answer =
  (rcode: number, change: (bytes: Buffer) => void = () => {}): Server =>
  ({ query }) => {
    const bytes = Buffer.from(query);
    bytes.writeUInt16BE(0x8180 | rcode, 2);
    change(bytes);
    return bytes;
  };

const query = parsed(queryFor('Example.com'));

describe('forward', () => {
  test('asks with an id of its own, and gives back the client’s id and question', async () => {
    const ids = new Set<number>();
    const { upstream } = world({
      a: (exchange) => {
        ids.add(exchange.query.readUInt16BE(0));
        return answer(0, (bytes) => bytes.write('eXAMPLE', 13))(exchange);
      },
    });
    for (let i = 0; i < 20; i++) {
      const bytes = await upstream.forward(query, 'udp', ['a', 'b']);
      if (!(bytes instanceof Buffer)) throw new Error('no answer');
      expect(bytes.readUInt16BE(0)).toBe(0x1234);
      expect(bytes.subarray(12)).toEqual(query.question);
    }
    expect(ids.size).toBeGreaterThan(15);
  });

  test('takes NXDOMAIN for an answer, but SERVFAIL, REFUSED and silence for none', async () => {
    const { upstream, asked } = world({ a: answer(2), b: answer(5), c: answer(3) });
    const bytes = await upstream.forward(query, 'tcp', ['a', 'b', 'c']);
    expect(bytes instanceof Buffer && bytes.readUInt16BE(2) & 0xf).toBe(3);
    expect(asked).toEqual(['tcp a', 'tcp b', 'tcp c']);
    expect(await world({}).upstream.forward(query, 'udp', ['a', 'b'])).toBeNull();
  });

  test('passes over other ids, other questions and queries', async () => {
    for (const change of [
      (bytes: Buffer) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0),
      (bytes: Buffer) => bytes.write('examplf', 13),
      (bytes: Buffer) => bytes.writeUInt16BE(0x0100, 2),
      (bytes: Buffer) => bytes.writeUInt16BE(0, 4),
    ])
      expect(await world({ a: answer(0, change) }).upstream.forward(query, 'udp', ['a'])).toBeNull();
  });

  test('asks one that was silent after the others, and three at most', async () => {
    const { upstream, asked } = world({ b: answer(0) });
    await upstream.forward(query, 'udp', ['a', 'b']);
    await upstream.forward(query, 'udp', ['a', 'b']);
    expect(asked).toEqual(['udp a', 'udp b', 'udp b']);
    asked.length = 0;
    await upstream.forward(query, 'udp', ['c', 'd', 'e', 'b']);
    expect(asked).toEqual(['udp c', 'udp d', 'udp e']);
  });

  test('asks the only one twice', async () => {
    const { upstream, asked } = world({});
    await upstream.forward(query, 'udp', ['a']);
    expect(asked).toEqual(['udp a', 'udp a']);
  });

  test('is bounded', async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    const upstream = new Upstream({ udp: () => promise, tcp: () => promise });
    const running = Array.from({ length: 1024 }, () => upstream.forward(query, 'udp', ['a', 'b']));
    expect(await upstream.forward(query, 'udp', ['a', 'b'])).toBe(overloaded);
    resolve(null);
    expect(new Set(await Promise.all(running))).toEqual(new Set([null]));
    expect(await upstream.forward(query, 'udp', ['a', 'b'])).toBeNull();
  });
});
