import { expect, test } from 'bun:test';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogFiles, tailPosition } from './log-files.ts';

async function tail(contents: string[], lines: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-log-'));
  try {
    const path = join(directory, 'log');
    contents.forEach((text, index) => {
      const age = contents.length - 1 - index;
      writeFileSync(age === 0 ? path : `${path}.${age}`, text);
    });
    const files = await openLogFiles(path, 5);
    const { index, offset } = await tailPosition(files, lines);
    let text = '';
    for (const [at, { handle }] of files.entries()) {
      const all = await handle.readFile('utf8');
      if (at === index) text += all.slice(offset);
      else if (at > index) text += all;
      await handle.close();
    }
    return text;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('the last lines of one file', async () => {
  expect(await tail(['a\nb\nc\n'], 2)).toBe('b\nc\n');
  expect(await tail(['a\nb\nc'], 1)).toBe('c');
  expect(await tail(['a\nb\n'], 2)).toBe('a\nb\n');
  expect(await tail(['a\nb\n'], 9)).toBe('a\nb\n');
  expect(await tail(['a\n'], 0)).toBe('');
});
test('across rotated files', async () => {
  expect(await tail(['a\nb\n', 'c\nd\n'], 3)).toBe('b\nc\nd\n');
  expect(await tail(['a\nb\n', ''], 1)).toBe('b\n');
});
test('lines longer than a block', async () => {
  const long = 'x'.repeat(200_000);
  expect((await tail([`a\n${long}\nb\n`], 2)).length).toBe(200_003);
});

test('files are in order, each once, however the log rotates while they are opened', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-log-'));
  const path = join(directory, 'log');
  const files = 8;
  const rotate = (n: number) => {
    for (let age = files - 1; age > 1; age--)
      if (existsSync(`${path}.${age - 1}`)) renameSync(`${path}.${age - 1}`, `${path}.${age}`);
    if (existsSync(path)) renameSync(path, `${path}.1`);
    writeFileSync(path, `${n}`);
  };
  let n = 0;
  // Two at once: the case that one pass cannot get right.
  const rotator = setInterval(() => {
    rotate(n++);
    rotate(n++);
  }, 2);
  try {
    for (let round = 0; round < 100; round++) {
      const open = await openLogFiles(path, files);
      const numbers = await Promise.all(
        open.map(async ({ handle }) => Number(await handle.readFile('utf8'))),
      );
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      await Promise.all(open.map(({ handle }) => handle.close()));
    }
  } finally {
    clearInterval(rotator);
    rmSync(directory, { recursive: true });
  }
});
