import { describe, expect, test } from 'bun:test';
import { booleanFilter, matchesLabels, matchesPattern, parseFilters } from './filters.ts';
import { Demultiplexer, frame } from './frames.ts';
import { describeInvalidJson } from './go-json.ts';
import { booleanParameter, parseInteger, timeParameter } from './query.ts';
import { Router, route } from './router.ts';
import { parseVersion, splitVersion } from './version.ts';

describe('versions', () => {
  test.each([
    ['1.22', 22],
    ['1.55', 55],
    ['1.44', 44],
  ])('%s', (text, minor) => expect(parseVersion(text)).toBe(minor));
  test.each(['1.21', '1', '0.30', '.', '1.56', '2.0', '1.100'])('%s is refused', (text) =>
    expect(() => parseVersion(text)).toThrow(/too (old|new)/),
  );
  test('a prefix that is no version is part of the path', () => {
    expect(splitVersion('/v1.44/images/json')).toEqual({ version: '1.44', path: '/images/json' });
    expect(splitVersion('/volumes/x')).toEqual({ version: null, path: '/volumes/x' });
    expect(splitVersion('/version')).toEqual({ version: null, path: '/version' });
  });
});

describe('router', () => {
  const hit = (name: string) => () => {
    throw new Error(name);
  };
  const router = new Router([
    route('GET', '/images/json', hit('list')),
    route('GET', '/images/{name*}/json', hit('inspect')),
    route('GET', '/images/{name*}/get', hit('save')),
    route('GET', '/containers/{id}/json', hit('container')),
    route('DELETE', '/images/{name*}', hit('delete')),
  ]);
  test.each([
    ['GET', '/images/json', {}],
    ['GET', '/images/a/json', { name: 'a' }],
    ['GET', '/images/host:5000/a/b:tag/json', { name: 'host:5000/a/b:tag' }],
    ['DELETE', '/images/a/b', { name: 'a/b' }],
    ['GET', '/containers/x/json', { id: 'x' }],
  ])('%s %s', (method, path, parameters) => {
    expect(router.find(method, path)?.parameters).toEqual(parameters);
  });
  test.each([
    ['GET', '/containers//json'],
    ['GET', '/containers/a/b/json'],
    ['POST', '/images/json'],
    ['GET', '/'],
  ])('%s %s is nothing', (method, path) => expect(router.find(method, path)).toBeNull());
});

describe('query', () => {
  test.each(['', '0', 'no', 'False', 'NONE', ' '])('%p is false', (text) =>
    expect(booleanParameter(new URLSearchParams({ x: text }), 'x', true)).toBe(false),
  );
  test.each(['1', 'yes', 'true', 'anything'])('%p is true', (text) =>
    expect(booleanParameter(new URLSearchParams({ x: text }), 'x')).toBe(true),
  );
  test('integers and times', () => {
    expect(parseInteger('-3')).toBe(-3);
    expect(() => parseInteger('1.5')).toThrow('strconv.Atoi: parsing "1.5": invalid syntax');
    const query = new URLSearchParams({ a: '1700000000.5', b: '2024-01-01T00:00:00Z', c: 'x' });
    expect(timeParameter(query, 'a')).toBe(1700000000.5);
    expect(timeParameter(query, 'b')).toBe(1704067200);
    expect(timeParameter(query, 'none')).toBeNull();
    expect(() => timeParameter(query, 'c')).toThrow('invalid value');
  });
});

describe('filters', () => {
  test('both encodings are the same', () => {
    const wanted = new Map([['label', ['a=b', 'c']]]);
    expect(parseFilters('{"label":["a=b","c"]}', ['label'])).toEqual(wanted);
    expect(parseFilters('{"label":{"a=b":true,"c":true}}', ['label'])).toEqual(wanted);
    expect(parseFilters(null, [])).toEqual(new Map());
  });
  test.each(['nonsense', '[]', '1', '{"label":1}', '{"label":[1]}', '{"label":{"a":"b"}}'])(
    '%s is invalid',
    (text) => expect(() => parseFilters(text, ['label'])).toThrow('invalid filter'),
  );
  test('booleans', () => {
    const of = (...values: string[]) => booleanFilter(new Map([['dangling', values]]), 'dangling', false);
    expect([of('1'), of('true'), of('0'), of('false')]).toEqual([true, true, false, false]);
    expect(() => of('maybe')).toThrow("invalid filter 'dangling=[maybe]'");
    expect(() => of('true', 'false')).toThrow('invalid filter');
  });
  test('labels and patterns', () => {
    expect(matchesLabels(['a', 'b=1'], { a: '', b: '1' })).toBe(true);
    expect(matchesLabels(['b=2'], { b: '1' })).toBe(false);
    expect(matchesPattern(['^we'], 'web')).toBe(true);
    expect(matchesPattern(['['], 'web')).toBe(false);
    expect(matchesPattern(undefined, 'web')).toBe(true);
  });
});

test.each([
  ['{', 'invalid JSON: unexpected EOF'],
  ['{"a"', 'invalid JSON: unexpected EOF'],
  ['{a}', "invalid JSON: invalid character 'a' looking for beginning of object key string"],
  ['{"a":1 "b"}', `invalid JSON: invalid character '"' after object key:value pair`],
  ['{"a" 1}', "invalid JSON: invalid character '1' after object key"],
  ['[1 2]', "invalid JSON: invalid character '2' after array element"],
  ['trux', "invalid JSON: invalid character 'x' in literal true (expecting 'e')"],
  ['"a\nb"', "invalid JSON: invalid character '\\n' in string literal"],
  ['"\\q"', "invalid JSON: invalid character 'q' in string escape code"],
  ['{"a":1}x', 'unexpected content after JSON'],
  ["'", "invalid JSON: invalid character '\\'' looking for beginning of value"],
])('%p: %s', (text, message) => expect(describeInvalidJson(text)).toBe(message));

test('frames survive any cutting', () => {
  const whole = Buffer.concat([
    frame(1, Buffer.from('out')),
    frame(2, Buffer.from('')),
    frame(2, Buffer.from('err')),
  ]);
  for (let size = 1; size <= whole.length; size++) {
    const demultiplexer = new Demultiplexer();
    let text = '';
    for (let at = 0; at < whole.length; at += size)
      for (const { type, payload } of demultiplexer.push(whole.subarray(at, at + size)))
        text += `${type}${Buffer.from(payload)}|`.replace(/\|$/, '');
    expect(text.replace(/[12]/g, '')).toBe('outerr');
  }
});
