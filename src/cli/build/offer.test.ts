import { afterEach, beforeEach, expect, test } from 'bun:test';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextFiles } from '../archive/context-files.ts';
import { offerOf } from './offer.ts';

let root: string;
const at = (name: string) => join(root, name);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gantry-offer-'));
  mkdirSync(at('d'));
  for (const name of ['d/a', 'd/b', 'one']) writeFileSync(at(name), name);
  linkSync(at('one'), at('two'));
  symlinkSync('a', at('d/link'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Long after everything was written. */
const later = () => Date.now() + 3_600_000;
const stamps = (now = later()): Record<string, string> =>
  Object.fromEntries(
    offerOf({ path: root, ignoreFile: null }, contextFiles(root, null), now)
      .entries()
      .map(([path, , stamp]) => [path, stamp]),
  );
/** Names whose stamp is not what it was. */
function changedBy(change: () => void): string[] {
  const before = stamps();
  change();
  const after = stamps();
  return Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
}

test('what is as it was has the stamp that it had', () => {
  expect(changedBy(() => undefined)).toEqual([]);
  expect(Object.keys(stamps())).toEqual(['d', 'd/a', 'd/b', 'd/link', 'one', 'two']);
});

test('other content is seen, also when its size and its time are the old ones', () => {
  const old = new Date(1000);
  utimesSync(at('d/a'), old, old);
  const edit = () => {
    writeFileSync(at('d/a'), 'A/d');
    utimesSync(at('d/a'), old, old);
  };
  expect(changedBy(edit)).toEqual(['d/a']);
});

test('names of one file change together', () => {
  expect(changedBy(() => writeFileSync(at('one'), 'x'))).toEqual(['one', 'two']);
  expect(changedBy(() => linkSync(at('one'), at('three')))).toContain('two');
  expect(changedBy(() => unlinkSync(at('three')))).toContain('one');
});

test('a name of the file that is not sent any more', () => {
  const without = { ignores: (path: string) => path === 'one', mayHold: () => false };
  const alone = offerOf({ path: root, ignoreFile: null }, contextFiles(root, without), later());
  expect(alone.entries().find(([path]) => path === 'two')?.[2]).not.toBe(stamps().two);
});

test('what was changed just now may change again unseen', () => {
  const now = stamps(Date.now());
  expect([now['d/a'], now['d/link']]).toEqual(['', '']);
  expect(now.d).not.toBe('');
});

test('the directory has its name from the machine, the user and the file that says what is ignored', () => {
  const name = (path: string, ignoreFile: string | null) => offerOf({ path, ignoreFile }, []).name;
  expect(name('/a', null)).not.toBe(name('/b', null));
  expect(name('/a', null)).not.toBe(name('/a', '/a/.dockerignore'));
});

test('the digest is of every name and stamp', () => {
  const digest = (now = later()) =>
    offerOf({ path: root, ignoreFile: null }, contextFiles(root, null), now).digest;
  expect(digest()).toBe(digest());
  expect(digest(Date.now())).toBeNull();
  const before = digest();
  symlinkSync('x', at('new'));
  expect(digest()).not.toBe(before);
});
