import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ByteQueue } from '../http/bytes.ts';
import { collect } from '../http/client.ts';
import { readBody, readHead } from '../http/response.ts';
import { Demultiplexer } from './demultiplex.ts';
import { DetachFilter, parseDetachKeys } from './detach.ts';
import { jsonLines } from './json-lines.ts';

/** Cuts bytes at arbitrary places. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('the multiplexed stream', () => {
  const frame = (stream: number, payload: Uint8Array) => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  };

  test('is the same however it is cut', () => {
    const part = fc.record({ stream: fc.constantFrom(1, 2), payload: fc.uint8Array({ maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), cuts, (parts, at) => {
        const bytes = Buffer.concat(parts.map(({ stream, payload }) => frame(stream, payload)));
        const out: Record<string, Uint8Array[]> = { stdout: [], stderr: [] };
        const frames = new Demultiplexer((stream, data) => out[stream]?.push(data.slice()));
        for (const chunk of cut(bytes, at)) frames.push(chunk);
        for (const [name, stream] of [
          ['stdout', 1],
          ['stderr', 2],
        ] as const) {
          const expected = Buffer.concat(
            parts.filter((one) => one.stream === stream).map((one) => one.payload),
          );
          expect(Buffer.concat(out[name] ?? []).equals(expected)).toBe(true);
        }
      }),
    );
  });

  test('an error of the daemon ends it', () => {
    const frames = new Demultiplexer(() => undefined);
    expect(() => frames.push(frame(3, Buffer.from('gone')))).toThrow('error from daemon in stream: gone');
    expect(() => new Demultiplexer(() => undefined).push(Buffer.from('HTTP/1.1 '))).toThrow(
      'unrecognized input header',
    );
  });
});

describe('responses', () => {
  const read = async (text: string, at: readonly number[]) => {
    const queue = new ByteQueue(() => undefined);
    for (const chunk of cut(Buffer.from(text), at)) queue.push(chunk);
    queue.end();
    const head = await readHead(queue);
    return {
      status: head.status,
      type: head.headers.get('content-type'),
      body: await collect(readBody(queue, head, 'GET')),
    };
  };

  test.each([
    ['by length', 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    [
      'by chunks',
      'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: x\r\n\r\n',
      'hello',
    ],
    ['by the end', 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\nhello', 'hello'],
    [
      'after 100',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n',
      '',
    ],
  ])('%s, however they are cut', async (_, text, body) => {
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        expect(await read(text, at)).toEqual({ status: 200, type: 'a/b', body });
      }),
    );
  });

  test.each([
    ['', 'unexpected EOF'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'unexpected EOF'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'malformed chunked encoding'],
    ['SSH-2.0-x\r\n\r\n', 'malformed HTTP response'],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, 'header is too long'],
  ])('%p is refused', async (text, message) => {
    expect(read(text, [])).rejects.toThrow(message);
  });
});

describe('detach keys', () => {
  test('are named', () => {
    expect(parseDetachKeys('')).toEqual([16, 17]);
    expect(parseDetachKeys('ctrl-a,x,ctrl-@')).toEqual([1, 120, 0]);
    expect(() => parseDetachKeys('ctrl-é')).toThrow("Unknown character: 'ctrl-é'");
  });

  test('are held back until they are complete or not', () => {
    const filter = new DetachFilter([16, 17]);
    expect(filter.push(Uint8Array.of(97, 16))).toEqual({ data: Uint8Array.of(97), detached: false });
    expect(filter.push(Uint8Array.of(98))).toEqual({ data: Uint8Array.of(16, 98), detached: false });
    expect(filter.push(Uint8Array.of(16, 16, 17, 99))).toEqual({ data: Uint8Array.of(16), detached: true });
  });
});

test('JSON lines are the same however they are cut', async () => {
  const bytes = Buffer.from('{"a":"é"}\r\n\n{"a":2}\n{"a":3}');
  await fc.assert(
    fc.asyncProperty(cuts, async (at) => {
      async function* chunks() {
        yield* cut(bytes, at);
      }
      const values: unknown[] = [];
      for await (const value of jsonLines<{ a: unknown }>(chunks())) values.push(value.a);
      expect(values).toEqual(['é', 2, 3]);
    }),
  );
});
