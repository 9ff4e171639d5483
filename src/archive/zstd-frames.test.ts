import { expect, test } from 'bun:test';
import { ZstdFrames } from './zstd-frames.ts';

/** Content that makes raw, run and compressed blocks, over several of them. */
const data = Buffer.alloc(400_000);
for (let at = 0; at < 150_000; at++) data[at] = (at * 7919 * (at % 977)) >> 3;
const frame = Bun.zstdCompressSync(data);
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

function complete(bytes: Uint8Array, step: number): boolean {
  const frames = new ZstdFrames();
  for (let at = 0; at < bytes.length; at += step) frames.push(bytes.subarray(at, at + step));
  return frames.complete;
}

test('whole frames, one or several, in pieces of any size', () => {
  for (const bytes of [
    frame,
    Buffer.concat([frame, skippable, frame]),
    Bun.zstdCompressSync(Buffer.alloc(0)),
  ])
    for (const step of [1, 7, 65_536, bytes.length]) expect(complete(bytes, step)).toBe(true);
});

test('a frame that ends anywhere else', () => {
  for (let end = 1; end < frame.length; end += 1 + (end >> 6))
    expect(complete(frame.subarray(0, end), 4096)).toBe(false);
  expect(complete(frame.subarray(0, -1), 4096)).toBe(false);
  expect(complete(Buffer.concat([frame, skippable.subarray(0, -1)]), 4096)).toBe(false);
});

test('the program writes a checksum behind each frame', async () => {
  const bytes = await Bun.spawn(['zstd', '-q', '-c', '--check'], {
    stdin: data,
    stdout: 'pipe',
  }).stdout.bytes();
  expect(complete(bytes, 1000)).toBe(true);
  for (const cut of [1, 2, 3, 4, 5]) expect(complete(bytes.subarray(0, -cut), 1000)).toBe(false);
});
