import { expect, test } from 'bun:test';
import { hasWildcard, literalPrefix, pathMatcher } from './path-pattern.ts';

/** Cases of Go's path/filepath/match_test.go. */
const cases: [pattern: string, path: string, matches: boolean][] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a???b', 'aüüüb', true],
  ['[a-ζ]*', 'α', true],
  ['a[^a]b', 'a/b', false],
  ['a?b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-x]', '-', true],
  ['*x', 'xxx', true],
  ['a.c', 'abc', false],
];

test.each(cases)('%s and %s: %p', (pattern, path, matches) => {
  expect(pathMatcher(pattern)(path)).toBe(matches);
});

test.each(['[]a]', '[-]', '[x-]', '[-x]', '[b-a]', '[', '[^', '[^bc', 'a[', 'a\\'])(
  '%s is refused',
  (pattern) => {
    expect(() => pathMatcher(pattern)).toThrow('syntax error in pattern');
  },
);

test('where to look', () => {
  expect(literalPrefix('/src/a*/b')).toEqual({ prefix: '/src', depth: 2 });
  expect(literalPrefix('/*.txt')).toEqual({ prefix: '/', depth: 1 });
  expect(hasWildcard('/a/b')).toBe(false);
});
