import { expect, test } from 'bun:test';
import { bytesMember, toStream, writeTar } from './tar-writer.ts';

const collect = async (stream: ReadableStream<Uint8Array>) =>
  Buffer.from(await new Response(stream).arrayBuffer());

test('members in order, the same bytes each time', async () => {
  const make = () =>
    toStream(writeTar([bytesMember('d/', new Uint8Array()), bytesMember('d/a', Buffer.from('text'))]));
  const archive = await collect(make());
  expect(archive.equals(await collect(make()))).toBe(true);
  expect(archive.subarray(0, 2).toString()).toBe('d/');
  expect(archive.length % 512).toBe(0);
});

test('content that fails in the middle fails the archive, and nothing else', async () => {
  async function* failing() {
    yield new Uint8Array(600_000);
    yield new Uint8Array(400_000);
    throw new Error('the disk is gone');
  }
  const member = { name: 'a', size: 2_000_000, mode: 0o644, content: failing };
  // An error that nobody listens to would end this process.
  await expect(collect(toStream(writeTar([member])))).rejects.toThrow('the disk is gone');
  await Bun.sleep(0);
});

test('a reader that goes away ends the content', async () => {
  let ended = false;
  async function* endless() {
    try {
      for (;;) yield new Uint8Array(100_000);
    } finally {
      ended = true;
    }
  }
  const reader = toStream(
    writeTar([{ name: 'a', size: 2 ** 40, mode: 0o644, content: endless }]),
  ).getReader();
  await reader.read();
  await reader.cancel();
  for (let n = 0; n < 100 && !ended; n++) await Bun.sleep(1);
  expect(ended).toBe(true);
});

test('a reader that goes away while content is being read ends the content', async () => {
  const ended = Promise.withResolvers<boolean>();
  const asked = Promise.withResolvers<void>();
  const disk = Promise.withResolvers<void>();
  async function* slow() {
    try {
      yield new Uint8Array(512);
      asked.resolve();
      await disk.promise;
      for (;;) yield new Uint8Array(100_000);
    } finally {
      ended.resolve(true);
    }
  }
  const reader = toStream(writeTar([{ name: 'a', size: 2 ** 40, mode: 0o644, content: slow }])).getReader();
  await reader.read();
  await asked.promise;
  await reader.cancel();
  await Bun.sleep(5);
  disk.resolve();
  expect(await Promise.race([ended.promise, Bun.sleep(1000)])).toBe(true);
});
