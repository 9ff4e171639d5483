import { describe, expect, test } from 'bun:test';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import { edns, queryFor, view } from './dns.test-data.ts';
import type { NameView, Reply, Transport } from './model.ts';
import { Responder } from './responder.ts';
import { Upstream } from './upstream.ts';

/** One server that repeats the question, with `change` to its answer. */
function responder(change: (bytes: Buffer) => Buffer = (bytes) => bytes): Responder {
  const ask = async ({ query }: { query: Buffer }) => {
    const bytes = Buffer.from(query);
    bytes.writeUInt16BE(0x8180, 2);
    return change(bytes);
  };
  return new Responder(new Upstream({ udp: ask, tcp: ask }));
}

async function reply(
  bytes: Buffer,
  { transport = 'udp', from = view, busy = false, to = responder() } = {} as {
    transport?: Transport;
    from?: NameView;
    busy?: boolean;
    to?: Responder;
  },
): Promise<Reply> {
  const found = await to.answer(bytes, transport, from, busy);
  if (found === null) throw new Error('no reply');
  return found;
}

const rcodeOf = ({ message }: Reply) => message.readUInt16BE(2) & 0xf;

describe('an answer', () => {
  test('about local names is there at once, and may be kept for the question', () => {
    const found = responder().answer(queryFor('web'), 'udp', view, false);
    expect(found).not.toBeInstanceOf(Promise);
    expect(found).toMatchObject({ keep: 'question' });
    expect(responder().answer(queryFor('all'), 'udp', view, false)).toMatchObject({ keep: 'not' });
  });

  test('of the world may be kept for the same query', async () => {
    expect((await reply(queryFor('example.com'))).keep).toBe('same');
    const withRcode = (rcode: number) =>
      responder((bytes) => {
        bytes.writeUInt8(0x80 | rcode, 3);
        return bytes;
      });
    expect((await reply(queryFor('example.com'), { to: withRcode(3) })).keep).toBe('same');
    expect((await reply(queryFor('example.com'), { to: withRcode(1) })).keep).toBe('not');
  });

  test('that the client cannot take by UDP becomes TC', async () => {
    const to = responder((bytes) => Buffer.concat([bytes, Buffer.alloc(800)]));
    const short = await reply(queryFor('example.com'), { to });
    expect([decode(short.message).flag_tc, short.keep]).toEqual([true, 'not']);
    const long = queryFor('example.com', 'A', [edns(1232)]);
    expect((await reply(long, { to })).message.length).toBe(long.length + 800);
    const tcp = await reply(queryFor('example.com'), { to, transport: 'tcp' });
    expect(tcp.message.length).toBe(queryFor('example.com').length + 800);
  });
});

describe('the world', () => {
  test('is not asked for containers that may not, and not when there are no servers', async () => {
    const to = responder(() => {
      throw new Error('it was asked');
    });
    for (const upstream of [null, []]) {
      const found = to.answer(queryFor('example.com'), 'udp', { ...view, upstream }, false);
      expect(found).not.toBeInstanceOf(Promise);
      expect(rcodeOf(await reply(queryFor('example.com'), { to, from: { ...view, upstream } }))).toBe(2);
    }
  });

  test('is not asked for those that ask too much; local names still are theirs', async () => {
    expect(rcodeOf(await reply(queryFor('example.com'), { busy: true }))).toBe(5);
    expect(rcodeOf(await reply(queryFor('web'), { busy: true }))).toBe(0);
  });
});

describe('arbitrary bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array));
  /** A good query with some bytes replaced, so that the reader gets further. */
  const damaged = fc
    .tuple(
      fc.constantFrom('web', 'all', 'x.example', '4.0.9.10.in-addr.arpa'),
      fc.constantFrom('A', 'AAAA', 'PTR', 'ANY', 'TXT'),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }),
    )
    .map(([name, type, changes]) => {
      const query = queryFor(name, type, [edns(4096)]);
      for (const [at, value] of changes) if (at < query.length) query[at] = value;
      return query;
    });

  test.each([
    ['of any kind', bytes],
    ['that were a query', damaged],
  ] as const)('%s never throw, and are answered with their own id or not at all', async (_, arbitrary) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, fc.constantFrom<Transport>('udp', 'tcp'), async (message, transport) => {
        const found = await responder().answer(message, transport, view, false);
        if (found === null) return;
        expect(found.message.subarray(0, 2)).toEqual(message.subarray(0, 2));
        expect(found.message.readUInt8(2) & 0x80).toBe(0x80);
        expect(found.message.length).toBeLessThanOrEqual(transport === 'udp' ? 4096 : 65_000);
      }),
      { numRuns: 2000 },
    );
  });

  test('from servers never throw either', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (message) => {
        const ask = async ({ answers }: { answers(bytes: Buffer): boolean }) =>
          answers(message) ? message : null;
        const to = new Responder(new Upstream({ udp: ask, tcp: ask }));
        await to.answer(queryFor('example.com'), 'udp', view, false);
      }),
      { numRuns: 2000 },
    );
  });
});
