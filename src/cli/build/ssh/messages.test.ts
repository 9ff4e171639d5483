import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { mayAsk, messages } from './messages.ts';

function message(type: number, content = ''): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(1 + content.length);
  return Buffer.concat([length, Buffer.of(type), Buffer.from(content)]);
}

const hex = (part: Uint8Array) => Buffer.from(part).toString('hex');

async function split(...chunks: Uint8Array[]): Promise<string[]> {
  const left = [...chunks];
  const all = await Array.fromAsync(messages({ read: async () => left.shift() ?? null }));
  return all.map(hex);
}

test('a build may ask for the keys and for signatures', () => {
  expect([11, 13].map((type) => mayAsk(message(type, 'x')))).toEqual([true, true]);
});

test.each([
  [17, 'adding a key'],
  [18, 'removing one'],
  [19, 'removing all'],
  [20, 'adding one of a smartcard'],
  [22, 'locking'],
  [23, 'unlocking'],
  [25, 'adding one with constraints'],
  [27, 'extensions'],
  [0, 'what is no request'],
])('it may not ask for %d, %s', (type) => {
  expect(mayAsk(message(type, 'x'))).toBe(false);
});

test('messages are whole, however their bytes are divided', async () => {
  const sent = [message(11), message(19), message(13, 'sign this'), message(27, 'no')];
  const all = Buffer.concat(sent);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(all.length), { maxLength: 8 }), async (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), all.length];
      const chunks = edges.slice(1).map((end, index) => all.subarray(edges[index], end));
      expect(await split(...chunks)).toEqual(sent.map(hex));
    }),
  );
});

test('a message that is cut off is none', async () => {
  expect(await split(message(11), message(13, 'sign').subarray(0, 6))).toEqual([hex(message(11))]);
});

test('a length that no message has is an error', async () => {
  await expect(split(Buffer.of(0xff, 0xff, 0xff, 0xff))).rejects.toThrow('4294967295 bytes');
  await expect(split(Buffer.of(0, 0, 0, 0))).rejects.toThrow('0 bytes');
});
