import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
