import { afterEach, expect, test } from 'bun:test';
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
