import { afterEach, beforeEach, expect, test } from 'bun:test';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskUsage } from './usage.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-usage-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (...names: string[]) => join(directory, ...names);
function write(size: number, ...names: string[]): void {
  mkdirSync(at(...names, '..'), { recursive: true });
  writeFileSync(at(...names), Buffer.alloc(size));
}

test('sizes of files, hard links once, directories as inodes', async () => {
  write(10, 'own', 'a');
  write(5, 'own', 'd', 'b');
  linkSync(at('own', 'a'), at('own', 'd', 'a'));
  expect(await diskUsage(at('own'))).toEqual({ bytes: 15, inodes: 3 });
});

test('of a snapshot only what is not the same file in the tree below', async () => {
  for (const name of ['same', 'replaced', 'd/same', 'turned/x']) write(100, 'below', name);
  // Links stand in for a snapshot's inodes, which are the same in both trees.
  for (const name of ['same', 'd/same']) {
    mkdirSync(at('own', name, '..'), { recursive: true });
    linkSync(at('below', name), at('own', name));
  }
  write(7, 'own', 'replaced');
  write(3, 'own', 'd', 'new');
  write(2, 'own', 'turned');
  write(1, 'own', 'e', 'moved');
  linkSync(at('below', 'same'), at('own', 'e', 'other-name'));
  // replaced, d (not a snapshot's: another inode), d/new, turned, e, e/moved, and e/other-name, which has another place than below.
  const changed = { bytes: 7 + 3 + 2 + 1 + 100, inodes: 7 };
  mkdirSync(at('empty'));
  expect(await diskUsage(at('own'), at('empty'))).toEqual(await diskUsage(at('own')));
  expect(await diskUsage(at('own'), at('below'))).toEqual(changed);
});

test('a tree that is gone holds nothing', async () => {
  expect(await diskUsage(at('none'))).toEqual({ bytes: 0, inodes: 0 });
});
