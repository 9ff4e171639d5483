import { afterAll, beforeAll, expect, test } from 'bun:test';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextFiles, packFiles } from '../archive/context-files.ts';
import { readMembers } from '../archive/members.ts';
import type { TarHeader } from '../archive/tar-header.ts';
import { selectionOf } from './ignore.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gantry-context-'));
  for (const name of ['b/deep', 'a', 'closed/deep', 'node_modules/x'])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ['b/deep/f', 'b/g', 'a/keep', 'a/drop', 'z', 'closed/deep/f', 'node_modules/x/i'])
    writeFileSync(join(root, name), name);
  chmodSync(join(root, 'a/keep'), 0o4751);
  utimesSync(join(root, 'a/keep'), 1000, 1000);
  symlinkSync('/nowhere', join(root, 'link'));
  linkSync(join(root, 'b/g'), join(root, 'hard'));
});
afterAll(() => rmSync(root, { recursive: true }));

async function members(ignore: string): Promise<TarHeader[]> {
  const headers: TarHeader[] = [];
  for await (const { header } of readMembers(
    packFiles(contextFiles(root, selectionOf(ignore, '.dockerignore'))),
  ))
    headers.push({ ...header });
  return headers;
}
const names = async (ignore: string) => (await members(ignore)).map(({ name }) => name);

test('everything, sorted, without the root', async () => {
  expect(await names('')).toEqual([
    ...[
      'a/',
      'a/drop',
      'a/keep',
      'b/',
      'b/deep/',
      'b/deep/f',
      'b/g',
      'closed/',
      'closed/deep/',
      'closed/deep/f',
    ],
    ...['hard', 'link', 'node_modules/', 'node_modules/x/', 'node_modules/x/i', 'z'],
  ]);
});

test('owned by nobody, with modes and times', async () => {
  const all = await members('');
  expect(all.every(({ uid, gid }) => uid === 0 && gid === 0)).toBe(true);
  expect(all.find(({ name }) => name === 'a/keep')).toMatchObject({ mode: 0o4751, mtime: 1000, size: 6 });
  expect(all.find(({ name }) => name === 'link')).toMatchObject({ type: 'symlink', linkName: '/nowhere' });
  expect(all.find(({ name }) => name === 'hard')).toMatchObject({ type: 'link', linkName: 'b/g' });
});

test('the same bytes every time', async () => {
  const digest = async () => {
    const hasher = new Bun.CryptoHasher('sha256');
    for await (const chunk of packFiles(contextFiles(root, null))) hasher.update(chunk);
    return hasher.digest('hex');
  };
  expect(await digest()).toBe(await digest());
});

test('what is ignored', async () => {
  expect(await names('# a comment\nnode_modules\nclosed\n**/f\nlink')).toEqual([
    ...['a/', 'a/drop', 'a/keep', 'b/', 'b/deep/', 'b/g', 'hard', 'z'],
  ]);
  expect(await names('*\n!a/keep')).toEqual(['a/', 'a/keep']);
  expect(await names('*\n!b/**')).toEqual(['b/', 'b/deep/', 'b/deep/f', 'b/g']);
  expect(await names('*\n!**/f')).toEqual([
    'b/',
    'b/deep/',
    'b/deep/f',
    'closed/',
    'closed/deep/',
    'closed/deep/f',
  ]);
});

test('directories that are wholly ignored are not looked into', () => {
  const walked = (ignore: string, path: string) => selectionOf(ignore, '')?.mayHold(path);
  expect(walked('node_modules', 'node_modules')).toBe(false);
  expect(walked('*\n!a/keep', 'b')).toBe(false);
  expect(walked('*\n!a/keep', 'a')).toBe(true);
  expect(walked('*\n!./a/x/keep', 'a/x')).toBe(true);
  expect(walked('*\n!a/x/keep', 'a/y')).toBe(false);
  expect(walked('*\n!a*/keep', 'abc')).toBe(true);
  expect(walked('*\n!**/keep', 'any/where')).toBe(true);
  expect(walked('*\n!a/**', 'b')).toBe(false);
  expect(walked('*\n!a', 'a/x')).toBe(false);
  expect(walked('b\n!a/../b/c', 'b')).toBe(true);
});

test('a pattern that cannot be read is named with its file', () => {
  expect(() => selectionOf('a[', 'x/.dockerignore')).toThrow('failed to parse x/.dockerignore: ');
});
