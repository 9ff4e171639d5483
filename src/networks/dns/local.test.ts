import { describe, expect, test } from 'bun:test';
import { decode, encode, type Question, RECURSION_DESIRED } from 'dns-packet';
import fc from 'fast-check';
import { addressOfReverse, answer } from './local.ts';
import { emptyResponse, questionOf, responseCode } from './message.ts';
import type { NameView } from './model.ts';

const view: NameView = {
  lookup: (name) =>
    ({
      web: { ipv4: ['10.0.0.2', '10.0.0.3'], ipv6: ['fd00::2'] },
      four: { ipv4: ['10.0.0.4'], ipv6: [] },
      many: { ipv4: Array.from({ length: 200 }, (_, i) => `10.0.1.${i}`), ipv6: [] },
    })[name] ?? null,
  reverse: (address) => (address === '10.0.0.2' || address === 'fd00::2' ? 'web.net' : null),
  upstream: ['192.0.2.53'],
};

type Type = Question['type'] | 'ANY' | 'MX';

function query(name: string, type: Type = 'A', options: { edns?: number; class?: 'IN' | 'CH' } = {}): Buffer {
  return encode({
    id: 4711,
    type: 'query',
    flags: RECURSION_DESIRED,
    questions: [{ name, type: type as Question['type'], class: options.class ?? 'IN' }],
    ...(options.edns && {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: options.edns,
          flags: 0,
          extendedRcode: 0,
          ednsVersion: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  });
}

const reversed = <T>(list: T[]): T[] => [...list].reverse();

function ask(message: Buffer, transport: 'udp' | 'tcp' = 'udp', of: NameView = view) {
  const verdict = answer(message, transport, of, reversed);
  if (verdict.kind !== 'answer') return verdict.kind;
  const packet = decode(verdict.message);
  const data = (packet.answers ?? []).map((one) => ('data' in one ? String(one.data) : ''));
  return { code: responseCode(verdict.message), data, packet, bytes: verdict.message };
}
const data = (...of: Parameters<typeof ask>) => {
  const result = ask(...of);
  return typeof result === 'string' ? result : result.data;
};

describe('local names', () => {
  test('addresses of each family, in an order that changes', () => {
    expect(data(query('web'))).toEqual(['10.0.0.3', '10.0.0.2']);
    expect(data(query('WEB.', 'AAAA'))).toEqual(['fd00::2']);
    expect(data(query('web', 'ANY'))).toEqual(['10.0.0.3', '10.0.0.2', 'fd00::2']);
  });
  test('a name that has nothing of the kind is there all the same, and never asked of the world', () => {
    for (const type of ['AAAA', 'MX', 'TXT', 'SRV'] as const)
      expect(ask(query('four', type))).toMatchObject({ code: 0, data: [] });
  });
  test('the answer has the id and question of the query, and offers recursion', () => {
    const result = ask(query('wEb', 'A', { edns: 1232 }));
    if (typeof result === 'string') throw new Error(result);
    expect(result.packet).toMatchObject({
      id: 4711,
      type: 'response',
      flag_rd: true,
      flag_ra: true,
      questions: [{ name: 'wEb' }],
      additionals: [{ type: 'OPT' }],
    });
    expect(result.packet.answers?.every(({ name }) => name === 'wEb')).toBe(true);
  });
  test('names of addresses', () => {
    expect(addressOfReverse('2.0.0.10.in-addr.arpa')).toBe('10.0.0.2');
    expect(addressOfReverse('0.0.10.in-addr.arpa')).toBeNull();
    expect(data(query('2.0.0.10.in-addr.arpa', 'PTR'))).toEqual(['web.net']);
    const nibbles = `2${'.0'.repeat(27)}.0.0.d.f.ip6.arpa`;
    expect(data(query(nibbles, 'PTR'))).toEqual(['web.net']);
    expect(ask(query('9.9.9.9.in-addr.arpa', 'PTR'))).toBe('forward');
  });
});

describe('the world', () => {
  test('is asked for every other name, unless the network is internal', () => {
    expect(ask(query('example.com'))).toBe('forward');
    expect(ask(query('version.bind', 'TXT', { class: 'CH' }))).toBe('forward');
    for (const upstream of [null, []])
      expect(ask(query('example.com'), 'udp', { ...view, upstream })).toMatchObject({ code: 2, data: [] });
  });
});

describe('size', () => {
  test('what does not fit a datagram is truncated; by TCP it is whole', () => {
    const short = ask(query('many'));
    expect(short).toMatchObject({ data: [], packet: { flag_tc: true, questions: [{ name: 'many' }] } });
    expect(ask(query('many', 'A', { edns: 4096 }))).toMatchObject({ packet: { flag_tc: false } });
    expect(data(query('many'), 'tcp')).toHaveLength(200);
  });
});

describe('what is no query', () => {
  test('errors', () => {
    const status = query('web');
    status.writeUInt16BE(0x1000, 2);
    expect(ask(status)).toMatchObject({ code: 4 });
    const none = query('web');
    none.writeUInt16BE(0, 4);
    expect(ask(none)).toMatchObject({ code: 1 });
    expect(ask(query('web').subarray(0, 15))).toMatchObject({ code: 1 });
    const reply = query('web');
    reply.writeUInt16BE(0x8000, 2);
    expect(ask(reply)).toBe('drop');
    expect(ask(Buffer.alloc(11))).toBe('drop');
  });
  test('nothing throws, and every answer fits its query', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(query('web'), query('a.b.c', 'PTR', { edns: 512 })),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 8 }),
      )
      .map(([bytes, changes]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      });
    const arbitrary = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, arbitrary), (bytes) => {
        const verdict = answer(bytes, 'udp', view, reversed);
        if (verdict.kind === 'answer') expect(verdict.message.readUInt16BE(0)).toBe(bytes.readUInt16BE(0));
        questionOf(bytes);
        if (bytes.length >= 12) emptyResponse(bytes, 2);
      }),
      { numRuns: 2000 },
    );
  });
});
