import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ContextEntry } from '../model.ts';
import { checkManifest, differenceOf } from './manifest.ts';

const directory = (path: string, stamp = 'd'): ContextEntry => ({ path, directory: true, stamp });
const file = (path: string, stamp = '1'): ContextEntry => ({ path, directory: false, stamp });

const before = [
  directory('a'),
  file('a/x'),
  file('a/y'),
  directory('b'),
  directory('b/c'),
  file('b/c/z'),
  file('top'),
];
const difference = (offered: ContextEntry[]) => {
  const { wanted, gone } = differenceOf(before, offered);
  return { wanted: wanted.map((index) => offered[index]?.path), gone };
};

describe('what of a context has to be sent', () => {
  test('nothing of the same', () => {
    expect(difference(before)).toEqual({ wanted: [], gone: [] });
  });

  test('everything, where nothing is here', () => {
    expect(differenceOf([], before)).toEqual({ wanted: [0, 1, 2, 3, 4, 5, 6], gone: [] });
  });

  test('a changed file comes with the directories that lead to it', () => {
    const offered = before.map((entry) => (entry.path === 'b/c/z' ? file('b/c/z', '2') : entry));
    expect(difference(offered)).toEqual({ wanted: ['b', 'b/c', 'b/c/z'], gone: [] });
  });

  test('a file without a stamp is never the same', () => {
    expect(differenceOf([file('x', '')], [file('x', '')])).toEqual({ wanted: [0], gone: [] });
  });

  test('what goes changes the directory that it was in', () => {
    expect(difference(before.filter(({ path }) => path !== 'a/x'))).toEqual({ wanted: ['a'], gone: ['a/x'] });
    expect(difference(before.filter(({ path }) => !path.startsWith('b/c')))).toEqual({
      wanted: ['b'],
      gone: ['b/c'],
    });
    expect(difference(before.filter(({ path }) => path !== 'top'))).toEqual({ wanted: [], gone: ['top'] });
  });

  test('what becomes of another kind goes first', () => {
    const offered = [directory('a'), file('a/x'), file('a/y'), file('b'), directory('top'), file('top/t')];
    expect(difference(offered)).toEqual({ wanted: ['b', 'top', 'top/t'], gone: ['b', 'top'] });
  });

  test('names that begin alike are no directories of each other', () => {
    const here = [directory('n'), file('n/1'), file('n-2'), file('n0')];
    expect(differenceOf(here, [])).toEqual({ wanted: [], gone: ['n', 'n-2', 'n0'] });
  });

  test('whatever was here: what is sent makes it what was offered', () => {
    fc.assert(fc.property(trees, trees, (here, offered) => expect(applied(here, offered)).toEqual(offered)));
  });
});

/** Trees of a few names, sorted as clients do. */
const trees = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('a', 'a/b', 'a/b/c', 'a/d', 'e', 'e/f'),
      fc.boolean(),
      fc.constantFrom('1', '2', ''),
    ),
    {
      selector: ([path]) => path,
    },
  )
  .map((drawn) => {
    const sorted = drawn.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const kept: ContextEntry[] = [];
    for (const [path, isDirectory, stamp] of sorted) {
      const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      if (parent === '' || kept.some((entry) => entry.directory && entry.path === parent))
        kept.push({ path, directory: isDirectory, stamp });
    }
    return kept;
  });

function applied(here: readonly ContextEntry[], offered: readonly ContextEntry[]): ContextEntry[] {
  const { wanted, gone } = differenceOf(here, offered);
  const left = new Map(here.map((entry) => [entry.path, entry]));
  for (const path of gone)
    for (const name of [...left.keys()]) if (name === path || name.startsWith(`${path}/`)) left.delete(name);
  for (const index of wanted) {
    const entry = offered[index];
    if (entry !== undefined) left.set(entry.path, entry);
  }
  return [...left.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

describe('a list of entries', () => {
  test('is one of a directory', () => {
    expect(() => checkManifest(before)).not.toThrow();
    expect(() => checkManifest([file('\xff\xfe')])).not.toThrow();
  });

  for (const bad of [
    [file('')],
    [file('/etc/passwd')],
    [file('../x')],
    [directory('a'), file('a/../x')],
    [directory('a'), file('a//x')],
    [directory('a/')],
    [file('.')],
    [file('a\0')],
    [file('\u0142')],
    [file('a/x')],
    [file('a'), file('a/x')],
    [file('a/x'), directory('a')],
    [file('a'), directory('a')],
  ])
    test(`is refused: ${JSON.stringify(bad.map(({ path }) => path))}`, () => {
      expect(() => checkManifest(bad)).toThrow('invalid path of a build context');
    });
});
