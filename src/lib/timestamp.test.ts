import { expect, test } from 'bun:test';
import { parseTimestamp } from './timestamp.ts';

const now = Date.UTC(2026, 0, 2, 12);

test.each([
  ['10m', now - 600_000],
  ['1h30m', now - 5_400_000],
  ['1.5s', now - 1500],
  ['-1h', now + 3_600_000],
  ['1767355200', 1_767_355_200_000],
  ['1767355200.5', 1_767_355_200_500],
  ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
  ['2026-01-02T03:04:05.5+01:00', Date.UTC(2026, 0, 2, 2, 4, 5, 500)],
  ['2026-01-02T03Z', Date.UTC(2026, 0, 2, 3)],
  ['2026-01-02', new Date(2026, 0, 2).getTime()],
])('%s', (text, expected) => expect(parseTimestamp(text, now)).toBe(expected));

test.each(['', 'x', '10x', '2026-13-01'])('%p is none', (text) =>
  expect(parseTimestamp(text, now)).toBeNull(),
);
