import { expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeLogs, openLogFiles, tailPosition } from './log-files.ts';

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
    for (const [at, { fd }] of files.entries()) {
      const all = readFileSync(fd, 'utf8');
      if (at === index) text += all.slice(offset);
      else if (at > index) text += all;
    }
    await closeLogs(files);
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
  const ages = [7, 6, 5, 4, 3, 2].map((age) => `[ -e $0.${age - 1} ] && mv $0.${age - 1} $0.${age}`);
  const script = `n=0; while :; do ${ages.join('; ')}; [ -e $0 ] && mv $0 $0.1; echo $n > $0; n=$((n+1)); done`;
  const rotator = Bun.spawn(['sh', '-c', script, path]);
  try {
    for (let round = 0; round < 500; round++) {
      const open = await openLogFiles(path, 8);
      const texts = open.map(({ fd }) => readFileSync(fd, 'utf8'));
      await closeLogs(open);
      // The newest may have been made but not written yet.
      const numbers = texts.filter((text) => text !== '').map(Number);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
  } finally {
    rotator.kill('SIGKILL');
    await rotator.exited;
    rmSync(directory, { recursive: true, force: true });
  }
});
