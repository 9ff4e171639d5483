import { describe, expect, test } from 'bun:test';
import { ago, binarySize, ellipsis, humanSize, shortSize } from './units.ts';

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

describe('sizes', () => {
  test.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [4261550, '4.26MB'],
    [117000000, '117MB'],
    [999999, '1e+03kB'],
    [1234567890, '1.23GB'],
  ])('%d is %s', (size, text) => {
    expect(shortSize(size)).toBe(text);
  });

  test('four digits, and binary units', () => {
    expect(humanSize(1234567890)).toBe('1.235GB');
    expect(binarySize(1536 * 1024 * 1024)).toBe('1.5GiB');
    expect(binarySize(25276100000)).toBe('23.54GiB');
  });
});

describe('ages', () => {
  test.each([
    [500, 'Less than a second ago'],
    [1500, '1 second ago'],
    [59 * second, '59 seconds ago'],
    [60 * second, 'About a minute ago'],
    [59 * 60 * second, '59 minutes ago'],
    [61 * 60 * second, 'About an hour ago'],
    [47 * hour, '47 hours ago'],
    [3 * day, '3 days ago'],
    [20 * day, '2 weeks ago'],
    [70 * day, '2 months ago'],
    [800 * day, '2 years ago'],
  ])('%d ms', (age, text) => {
    expect(ago(age)).toBe(text);
  });
});

test('an ellipsis takes the place of the last character', () => {
  expect(ellipsis('0123456789', 10)).toBe('0123456789');
  expect(ellipsis('0123456789a', 10)).toBe('012345678…');
  expect(ellipsis('ééééé', 3)).toBe('éé…');
});
