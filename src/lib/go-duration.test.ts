import { expect, test } from 'bun:test';
import { goDurationOrNull, parseGoDuration } from './go-duration.ts';

test.each([
  ['0', 0],
  ['1ns', 1],
  ['1.5us', 1500],
  ['2µs', 2000],
  ['2μs', 2000],
  ['1h15m30.5s', 4_530_500_000_000],
  ['-1m', -60_000_000_000],
  ['+.5ms', 500_000],
])('%s', (text, nanoseconds) => {
  expect(parseGoDuration(text)).toBe(nanoseconds);
});

test.each([
  ['5', 'missing unit in duration "5"'],
  ['1h5', 'missing unit in duration "1h5"'],
  ['5q', 'unknown unit "q" in duration "5q"'],
  ['5constructor', 'unknown unit "constructor"'],
  ['', 'invalid duration ""'],
  ['-', 'invalid duration "-"'],
  ['h', 'invalid duration "h"'],
  ['1h.', 'invalid duration "1h."'],
])('refused: %s', (text, message) => {
  expect(() => parseGoDuration(text)).toThrow(message);
  expect(goDurationOrNull(text)).toBeNull();
});
