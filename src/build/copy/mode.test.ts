import { expect, test } from 'bun:test';
import { parseMode } from './mode.ts';

test.each([
  ['755', 0o644, false, 0o755],
  ['04755', 0o644, false, 0o4755],
  ['u+x', 0o644, false, 0o744],
  ['+x', 0o644, false, 0o755],
  ['a=r', 0o755, false, 0o444],
  ['go-rwx', 0o777, false, 0o700],
  ['u=rw,g=r,o=', 0o777, false, 0o640],
  ['a+X', 0o644, false, 0o644],
  ['a+X', 0o644, true, 0o755],
  ['a+X', 0o744, false, 0o755],
  ['u+s', 0o755, false, 0o4755],
  ['+t', 0o777, true, 0o1777],
  ['u+r-w', 0o200, false, 0o400],
  ['g=u', 0o750, false, 0o770],
  ['go=u-w', 0o754, false, 0o755],
  ['o+g', 0o670, false, 0o677],
] as const)('%s of %o (directory: %p)', (text, mode, isDirectory, expected) => {
  expect(parseMode(text)(mode, isDirectory).toString(8)).toBe(expected.toString(8));
});

test.each(['', '888', '+', 'u', 'x+q', '77777'])('"%s" is refused', (text) => {
  if (text === '+') return expect(parseMode(text)(0o644, false)).toBe(0o644);
  expect(() => parseMode(text)).toThrow('invalid chmod parameter');
});
