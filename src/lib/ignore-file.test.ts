import { expect, test } from 'bun:test';
import { ignorePatterns, parseIgnoreFile } from './ignore-file.ts';

/** Cases of moby/patternmatcher's tests, in our words. */
test.each([
  ['**', 'file', true],
  ['**', 'dir/file', true],
  ['**/', 'dir/file', true],
  ['**/**', 'dir/file', true],
  ['dir/**', 'dir/file', true],
  ['dir/**', 'dir', false],
  ['dir/**', 'dir/dir2/file', true],
  ['**/dir', 'dir', true],
  ['**/dir', 'dir/file', true],
  ['**/dir2/*', 'dir/dir2/file', true],
  ['**/dir2/**', 'dir/dir2/dir2/file', true],
  ['**file', 'file', true],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/c/d/b', true],
  ['*.txt', 'a.txt', true],
  ['*.txt', 'dir/a.txt', false],
  ['/a', 'a', true],
  ['./a/../b', 'b/c', true],
  ['a[b-d]e', 'ace', true],
  ['node_modules', 'node_modules/x/y', true],
  ['.', 'a', false],
] as const)('%s and %s: %p', (pattern, path, ignored) => {
  expect(ignorePatterns([pattern])(path)).toBe(ignored);
});

test('exceptions, in order', () => {
  const ignores = ignorePatterns(['*.md', '!README*.md', 'README-secret.md']);
  expect(['a.md', 'README.md', 'README-secret.md'].map(ignores)).toEqual([true, false, true]);
  const inside = ignorePatterns(['dir', '! dir/keep']);
  expect(['dir/x', 'dir/keep', 'dir/keep/y'].map(inside)).toEqual([true, false, false]);
});

test('comments, blank lines, a byte order mark', () => {
  expect(parseIgnoreFile('\ufeff# a\n\n  b  \r\n')?.('b')).toBe(true);
  expect(parseIgnoreFile('# a\n\n')).toBeNull();
  expect(() => parseIgnoreFile('[')).toThrow('syntax error in pattern');
});

test('takes no time to speak of', () => {
  const hard = ignorePatterns([`${'*a'.repeat(50)}b`, `${'**/a/'.repeat(50)}b`]);
  expect(hard('a'.repeat(3000))).toBe(false);
  expect(hard('a/'.repeat(1000).slice(0, -1))).toBe(false);
});
