import { afterAll, beforeAll, expect, test } from 'bun:test';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from './pack.ts';
import { decodePax, encodeHeader, padding, type TarHeader } from './tar-header.ts';
import { unpack } from './unpack.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'cp-unit-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const numbers = { uid: 0, gid: 0, size: 0, mtime: 0, major: 0, minor: 0 };
const plain: TarHeader = { type: 'file', name: 'f', linkName: '', mode: 0o644, ...numbers };

const archiveOf = (...members: [Partial<TarHeader>, string?][]) =>
  Buffer.concat([
    ...members.flatMap(([header, data = '']) => {
      const body = Buffer.from(data);
      const head = encodeHeader({ ...plain, ...header, size: body.length });
      return [head, body, Buffer.alloc(padding(body.length))];
    }),
    Buffer.alloc(1024),
  ]);

/** In pieces of any size. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function fresh(name: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  return path;
}

async function packed(path: string, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of pack(path, name)) chunks.push(new Uint8Array(chunk));
  return Buffer.concat(chunks);
}

test('there and back: names of any length and bytes, links, sizes around a block', async () => {
  const from = fresh('from');
  const long = 'n'.repeat(200);
  const raw = Buffer.concat([Buffer.from(`${from}/`), Buffer.of(0xff, 0xfe)]);
  const sizes = [0, 1, 511, 512, 513, 3 << 20];
  for (const size of sizes) writeFileSync(join(from, String(size)), Buffer.alloc(size, 7));
  writeFileSync(join(from, long), 'long');
  writeFileSync(join(from, 'größe'), 'utf-8');
  writeFileSync(raw, 'bytes');
  symlinkSync('x'.repeat(150), join(from, 'link'));
  const archive = await packed(from, 'tree');
  for (const [index, size] of [1 << 20, 777].entries()) {
    const to = fresh(`to-${index}`);
    await unpack(pieces(archive, size), to, []);
    for (const each of sizes)
      expect(readFileSync(join(to, 'tree', String(each))).equals(Buffer.alloc(each, 7))).toBe(true);
    expect(readFileSync(join(to, 'tree', long), 'utf8')).toBe('long');
    expect(readFileSync(join(to, 'tree/größe'), 'utf8')).toBe('utf-8');
    const copy = Buffer.concat([Buffer.from(`${to}/tree/`), Buffer.of(0xff, 0xfe)]);
    expect(readFileSync(copy, 'utf8')).toBe('bytes');
    expect(readlinkSync(join(to, 'tree/link'))).toBe('x'.repeat(150));
  }
});

test('what is there is replaced, but no directory by a file', async () => {
  const to = fresh('replaced');
  const into = (archive: Buffer) => unpack(pieces(archive, 512), to, []);
  await into(archiveOf([{ name: 'a' }, 'one'], [{ name: 'd', type: 'directory', mode: 0o750 }]));
  await into(archiveOf([{ name: 'a', mode: 0o600 }, 'two']));
  expect(readFileSync(join(to, 'a'), 'utf8')).toBe('two');
  expect(lstatSync(join(to, 'a')).mode & 0o777).toBe(0o600);
  await expect(into(archiveOf([{ name: 'd' }, 'x']))).rejects.toThrow('cannot overwrite directory');
  await expect(into(archiveOf([{ name: 'a', type: 'directory' }]))).rejects.toThrow(
    'cannot overwrite non-directory',
  );
});

test('a hostile archive stays in the destination', async () => {
  const outside = fresh('outside');
  const to = fresh('inside');
  const into = (archive: Buffer) => unpack(pieces(archive, 512), to, []);
  writeFileSync(join(outside, 'secret'), 's');
  await expect(into(archiveOf([{ name: '../x' }]))).rejects.toThrow('is outside of');
  await expect(into(archiveOf([{ name: 'a/../../x' }]))).rejects.toThrow('is outside of');
  const up = archiveOf([{ name: 'up', type: 'symlink', linkName: '../outside' }]);
  await expect(into(up)).rejects.toThrow('invalid symlink');
  const behind = archiveOf([{ name: 'out', type: 'symlink', linkName: outside }], [{ name: 'out/x' }, 'x']);
  await expect(into(behind)).rejects.toThrow();
  await expect(into(archiveOf([{ name: 'h', type: 'link', linkName: 'out/secret' }]))).rejects.toThrow();
  await into(archiveOf([{ name: 'out' }, 'file']));
  expect(lstatSync(join(to, 'out')).isFile()).toBe(true);
  expect(existsSync(join(to, 'h')) || existsSync(join(outside, 'x'))).toBe(false);
});

test('an archive that ends too early leaves no half of a file', async () => {
  const to = fresh('half');
  const whole = archiveOf([{ name: 'a' }, 'a'], [{ name: 'b' }, 'b'.repeat(2000)]);
  await expect(unpack(pieces(whole.subarray(0, 2000), 300), to, [])).rejects.toThrow('unexpected EOF');
  expect(existsSync(join(to, 'a'))).toBe(true);
  expect(existsSync(join(to, 'b'))).toBe(false);
});

test('damaged headers', async () => {
  const to = fresh('damaged');
  const bad = archiveOf([{ name: 'a' }]);
  bad[0] = 0x62;
  await expect(unpack(pieces(bad, 512), to, [])).rejects.toThrow('invalid tar header');
  for (const text of ['5 a', '99 a=b\n', '6 ab\n\n', 'x a=b\n'])
    expect(() => decodePax(Buffer.from(text))).toThrow();
});
