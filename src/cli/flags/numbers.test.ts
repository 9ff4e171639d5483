import { describe, expect, test } from 'bun:test';
import { parseBytes, parseCpus, parseInteger, parseUnsigned } from './numbers.ts';

describe('numbers as Go reads them', () => {
  test.each([
    ['32', 32],
    ['32b', 32],
    ['32k', 32 * 1024],
    ['32KiB', 32 * 1024],
    ['1.5g', 1.5 * 1024 ** 3],
    ['2 tb', 2 * 1024 ** 4],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', 'hello', '-32', '1ib', '5x', '1.2.3.'])('%p is no size', (text) => {
    expect(() => parseBytes(text)).toThrow(`invalid size: '${text}'`);
  });

  test('integers come in four bases and have limits', () => {
    expect(parseInteger('0x10')).toBe(16);
    expect(parseInteger('-010')).toBe(-8);
    expect(parseInteger('0b11')).toBe(3);
    expect(() => parseInteger('9999999999', 32)).toThrow('value out of range');
    expect(() => parseUnsigned('-1')).toThrow('invalid syntax');
  });

  test('CPUs are billionths', () => {
    expect(parseCpus('1.5')).toBe(1_500_000_000);
    expect(parseCpus('.5')).toBe(500_000_000);
    expect(() => parseCpus('1.0000000001')).toThrow('value is too precise');
  });
});
