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
  // `**` inside of a name.
  ['**.pyc', 'a.pyc', true],
  ['**.pyc', 'a/b/c.pyc', true],
  ['**.pyc', 'a/b/c.py', false],
  ['**foo', 'x/yfoo', true],
  ['**foo', 'x/yfoo/z', true],
  ['**foo*', 'yfoo1', false],
  ['**foo*', 'x/foo1', true],
  ['**foo**', 'x/foo1/y', true],
  ['foo**bar', 'foo/x/bar', true],
  ['foo**bar', 'foobar', true],
  ['foo**bar', 'fooxbar', false],
  ['foo/**.txt', 'foo/a.txt', false],
  ['foo/**.txt', 'foo/a/.txt', true],
  ['a**', 'abc/d', true],
  ['*/**', 'a', false],
  ['*/**', 'a/b', true],
  ['**/*.go', 'main.go', true],
  ['**/*.go', 'x/y/main.go', true],
  ['**/*.go', 'x/y/main.c', false],
  ['a/**/*.c', 'a/b.c', true],
  ['a/**/b/**/c', 'a/b/c', true],
  ['a/**/b/**/c', 'a/x/b/y/z/c/d', true],
  ['a/**/b/**/c', 'a/x/c', false],
  ['dir[1-3]/x', 'dir2/x', true],
  ['\\*.txt', '*.txt', true],
  ['\\*.txt', 'a.txt', false],
  ['a?c', 'a/c', false],
  ['a?c', 'a𝛼c', true],
  ['../foo', 'foo', false],
  ['/../foo', 'foo', true],
  ['b/../../foo', 'foo', false],
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
  expect(parseIgnoreFile('\ufeff# a\n\n  b  \r\n')?.ignores('b')).toBe(true);
  expect(parseIgnoreFile('# a\n\n')).toBeNull();
  expect(() => parseIgnoreFile('[')).toThrow('syntax error in pattern');
  expect(() => parseIgnoreFile('!')).toThrow('illegal exclusion pattern');
  expect(parseIgnoreFile('b\n! ./a/../b/c')?.exceptions).toEqual(['b/c']);
});

test('takes no time to speak of', () => {
  const hard = ignorePatterns([`${'*a'.repeat(50)}b`, `${'**/a/'.repeat(50)}b`, `${'**a'.repeat(50)}b`]);
  expect(hard('a'.repeat(3000))).toBe(false);
  expect(hard('a/'.repeat(1000).slice(0, -1))).toBe(false);
});
