import { expect, test } from 'bun:test';
import { cleanPath } from '../../lib/clean-path.ts';
import { planCopy, renamed } from './copy-plan.ts';
import { base, keepTrailing, rebased, splitEntry } from './paths.ts';

test("Go's paths", () => {
  expect(['/a/../b/./c//', 'a/..', '../a', '/..', ''].map(cleanPath)).toEqual([
    '/b/c',
    '.',
    '../a',
    '/',
    '.',
  ]);
  expect(['/a/b/', '/', '', 'a/.', 'a/./'].map(base)).toEqual(['b', '/', '.', '.', '.']);
  expect(['/a', '/a/.', '/', 'a'].map(splitEntry)).toEqual([
    ['/', 'a'],
    ['/a', '.'],
    ['/', '/'],
    ['.', 'a'],
  ]);
  expect(keepTrailing('/a', 'a/.')).toBe('/a/.');
  expect(keepTrailing('/a', 'a/')).toBe('/a/');
  expect(rebased('/l/', '/t')).toEqual({ path: '/t/', name: 'l' });
  expect(rebased('/l/.', '/t')).toEqual({ path: '/t/.', name: '' });
});

test('what a copy means', () => {
  const file = { path: '/s/f', exists: true, isDirectory: false, name: '' };
  const tree = { ...file, path: '/s/d', isDirectory: true };
  const at = (path: string, exists: boolean, isDirectory = false) => ({
    path,
    exists,
    isDirectory,
    name: '',
  });
  expect(planCopy(file, at('/t', true, true))).toEqual({ directory: '/t', rename: null });
  expect(planCopy(file, at('/t/x', false))).toEqual({ directory: '/t', rename: { from: 'f', to: 'x' } });
  expect(planCopy(tree, at('/t/x/', false))).toEqual({ directory: '/t', rename: { from: 'd', to: 'x' } });
  expect(planCopy({ ...tree, path: '/s/d/.' }, at('/t/x', false)).rename).toEqual({ from: '.', to: 'x' });
  expect(() => planCopy(file, at('/t/x/', false))).toThrow('no such directory');
  expect(() => planCopy(tree, at('/t', true))).toThrow('cannot copy directory');
  expect(renamed('./a/b', { from: '.', to: 'x$&' })).toBe('x$&/a/b');
  expect(renamed('/bin', { from: '/', to: 'x' })).toBe('x/bin');
});
