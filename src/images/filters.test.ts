import { expect, test } from 'bun:test';
import { parsePruneFilters } from './filters.ts';

const parse = (filters: Record<string, string[]>) =>
  parsePruneFilters(new Map(Object.entries(filters)), 1e12);

test('dangling is the default', () => {
  expect(parse({}).dangling).toBe(true);
  expect(parse({ dangling: ['false'] }).dangling).toBe(false);
  expect(() => parse({ dangling: ['x'] })).toThrow("invalid filter 'dangling=[x]'");
  expect(() => parse({ color: ['x'] })).toThrow("invalid filter 'color'");
});

test('labels', () => {
  const both = parse({ label: ['a', 'b=1'], 'label!': ['c'] });
  expect(both.matchesLabels({ a: '', b: '1' })).toBe(true);
  expect(both.matchesLabels({ a: '', b: '2' })).toBe(false);
  expect(both.matchesLabels({ a: '', b: '1', c: '' })).toBe(false);
  expect(parse({ label: ['constructor'] }).matchesLabels({})).toBe(false);
});

test('until', () => {
  expect(parse({ until: ['1h30m'] }).until).toBe(1e12 - 5_400_000);
  expect(parse({ until: ['1700000000.5'] }).until).toBe(1700000000500);
  expect(() => parse({ until: ['soon'] })).toThrow("invalid filter 'until=soon'");
  expect(() => parse({ until: ['1h', '2h'] })).toThrow('more than one until filter specified');
});
