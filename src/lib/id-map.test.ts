import { expect, test } from 'bun:test';
import { parseIdMap } from './id-map.ts';

test('ranges, and what is left out', () => {
  expect(parseIdMap('')).toBe('owner');
  expect(parseIdMap('uids=0-1000-1;gids=0-100-1#1-5-3')).toEqual({
    uids: [{ from: 0, to: 1000, count: 1 }],
    gids: [
      { from: 0, to: 100, count: 1 },
      { from: 1, to: 5, count: 3 },
    ],
  });
  const both = [{ from: 7, to: 8, count: 9 }];
  expect(parseIdMap('gids=7-8-9')).toEqual({ uids: both, gids: both });
});

test.each([
  ['x', "invalid idmap 'x'"],
  ['uids=', "invalid idmap 'uids='"],
  ['uids=0-1-1;uids=0-1-1', 'invalid idmap'],
  ['uids=0-1', "invalid idmap range '0-1'"],
  ['uids=0-1-0', "invalid idmap range '0-1-0'"],
  ['uids=4294967295-0-1', 'invalid idmap range'],
  ['uids=0-1-2#1-9-1', 'idmap ranges overlap at 1'],
  ['uids=0-1-2#5-2-1', 'idmap ranges overlap at 2'],
])('%s is refused', (text, error) => expect(() => parseIdMap(text)).toThrow(error));
