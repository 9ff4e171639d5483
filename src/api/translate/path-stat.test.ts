import { expect, test } from 'bun:test';
import { goFileMode, pathStatHeader } from './path-stat.ts';

test('modes as Go has them', () => {
  expect(goFileMode(0o100644)).toBe(0o644);
  expect(goFileMode(0o040755)).toBe(2147484141);
  expect(goFileMode(0o041777)).toBe(2148532735);
  expect(goFileMode(0o104755)).toBe(8389101);
  expect(goFileMode(0o120777)).toBe(134218239);
  expect(goFileMode(0o010644)).toBe(33554852);
  expect(goFileMode(0o020666)).toBe(69206454);
  expect(goFileMode(0o060660)).toBe(67109296);
});

test('the header', () => {
  const mtime = { seconds: 1_700_000_000, nanoseconds: 120_000_000 };
  const header = pathStatHeader({ name: 'ö', size: 3, mode: 0o100600, mtime, linkTarget: '' });
  expect(JSON.parse(Buffer.from(header, 'base64').toString())).toEqual({
    name: 'ö',
    size: 3,
    mode: 0o600,
    mtime: '2023-11-14T22:13:20.12Z',
    linkTarget: '',
  });
});
