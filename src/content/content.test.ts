import { afterEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../lib/ids.ts';
import { openContent } from './content.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-content-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const abc = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' as Digest;
const zero = `sha256:${'0'.repeat(64)}` as Digest;
const bytes = new TextEncoder().encode('abc');

async function* chunks() {
  yield new TextEncoder().encode('a');
  yield new TextEncoder().encode('bc');
}

test('a stream becomes a blob under its digest', async () => {
  const content = openContent(directory);
  expect(await content.write(chunks(), { digest: abc, size: 3 })).toEqual({ digest: abc, size: 3 });
  expect(content.has(abc)).toBe(true);
  expect((await content.read(abc, 10)).toString()).toBe('abc');
  expect(await content.list()).toEqual([{ digest: abc, size: 3 }]);
  await content.remove(abc);
  expect(content.has(abc)).toBe(false);
  await content.remove(abc);
});

test('a wrong digest, a wrong size and too many bytes leave nothing', async () => {
  const content = openContent(directory);
  await expect(content.writeBytes(bytes, { digest: zero })).rejects.toThrow('content digest mismatch');
  await expect(content.writeBytes(bytes, { size: 4 })).rejects.toThrow('expected 4');
  await expect(content.writeBytes(bytes, { limit: 2 })).rejects.toThrow('larger than the expected 2 bytes');
  expect(content.digests()).toEqual([]);
  expect(readdirSync(join(directory, 'ingest'))).toEqual([]);
});

test('what a dead daemon was writing is gone after the next start', async () => {
  openContent(directory);
  writeFileSync(join(directory, 'ingest', '7'), 'half');
  openContent(directory);
  expect(readdirSync(join(directory, 'ingest'))).toEqual([]);
});

test('a digest is never a path', () => {
  const content = openContent(directory);
  expect(() => content.path('sha256:../../../etc/passwd' as Digest)).toThrow('invalid digest');
});

describe('a blob that is known beforehand', () => {
  const blob = { digest: abc, size: 3 };
  const partial = () => readdirSync(join(directory, 'partial'));

  test('goes on where an earlier daemon was, and leaves nothing but the blob', async () => {
    {
      await using ingest = await openContent(directory).resume(blob);
      await ingest.write(bytes.subarray(0, 2));
    }
    expect(partial()).toEqual([abc.slice(7)]);
    const content = openContent(directory);
    await using ingest = await content.resume(blob);
    expect(ingest.size).toBe(2);
    await ingest.write(bytes.subarray(2));
    expect(await ingest.commit()).toEqual(blob);
    expect(partial()).toEqual([]);
    expect((await content.read(abc, 10)).toString()).toBe('abc');
  });

  test('what cannot be its beginning is not kept', async () => {
    const content = openContent(directory);
    writeFileSync(join(directory, 'partial', abc.slice(7)), 'far too long');
    {
      await using ingest = await content.resume(blob);
      expect(ingest.size).toBe(0);
      await ingest.write(new TextEncoder().encode('abd'));
      await expect(ingest.commit()).rejects.toThrow('content digest mismatch');
    }
    expect(partial()).toEqual([]);
    {
      await using ingest = await content.resume(blob);
      await expect(ingest.write(new TextEncoder().encode('abcd'))).rejects.toThrow('larger than');
    }
    expect(partial()).toEqual([]);
  });

  test('can be read while it arrives', async () => {
    const content = openContent(directory);
    const big = Buffer.alloc(3 << 20, 'x');
    const { digest } = await content.writeBytes(big);
    await content.remove(digest);
    await using ingest = await content.resume({ digest, size: big.length });
    const followed = (async () => {
      let size = 0;
      for await (const chunk of ingest.follow()) size += chunk.length;
      return size;
    })();
    for (let at = 0; at < big.length; at += 100_000) {
      await ingest.write(big.subarray(at, at + 100_000));
      await Bun.sleep(0);
    }
    await ingest.commit();
    expect(await followed).toBe(big.length);
  });

  test('whoever reads learns that it will not come', async () => {
    const content = openContent(directory);
    const ingest = await content.resume(blob);
    const followed = Array.fromAsync(ingest.follow());
    followed.catch(() => undefined);
    await ingest.write(bytes.subarray(0, 1));
    await ingest[Symbol.asyncDispose]();
    await expect(followed).rejects.toThrow('not completed');
  });

  test('is forgotten after a while', async () => {
    const content = openContent(directory);
    {
      await using ingest = await content.resume(blob);
      await ingest.write(bytes.subarray(0, 2));
    }
    await content.forgetPartial(Date.now() - 60_000);
    expect(partial().length).toBe(1);
    await content.forgetPartial(Date.now() + 60_000);
    expect(partial()).toEqual([]);
  });
});
