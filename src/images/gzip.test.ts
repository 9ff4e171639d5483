import { expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compress } from './gzip.ts';

const collect = async (chunks: Uint8Array[]) =>
  Buffer.concat(
    await Array.fromAsync(
      compress(
        (async function* () {
          yield* chunks;
        })(),
      ),
    ),
  );

test('any chunks come back whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 20 }), async (chunks) => {
      expect(gunzipSync(await collect(chunks)).equals(Buffer.concat(chunks))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('blocks do not depend on the chunks they came in', async () => {
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, n) => (n * n) & 0xff));
  const whole = await collect([bytes]);
  const pieces = await collect(
    Array.from({ length: 43 }, (_, n) => bytes.subarray(n * 70_001, (n + 1) * 70_001)),
  );
  expect(pieces.equals(whole)).toBe(true);
  expect(gunzipSync(whole).equals(bytes)).toBe(true);
});

test('nothing is a valid stream of nothing', async () => {
  expect(gunzipSync(await collect([])).length).toBe(0);
});
