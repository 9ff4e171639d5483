import { expect, test } from 'bun:test';
import { parseGcPolicy, parsePolicyFlag, parsePolicyObject } from './policy.ts';

test('the flag and the file say the same', () => {
  const object = parsePolicyObject({
    high: '85%',
    low: '70%',
    'min-age': '1h30m',
    keep: ['label=keep', 'reference=example.org/*'],
  });
  const flag = parsePolicyFlag('high=85%,low=70%,min-age=1h30m,keep=label=keep,keep=reference=example.org/*');
  expect(flag).toEqual(object);
  expect(parseGcPolicy(flag)).toEqual({
    high: { kind: 'percent', value: 85 },
    low: { kind: 'percent', value: 70 },
    minAge: 90 * 60_000,
    keep: [
      { kind: 'label', label: 'keep' },
      { kind: 'reference', pattern: 'example.org/*' },
    ],
  });
});

test('bytes in decimal and binary units; what is not given', () => {
  const bytes = (high: string) => parseGcPolicy({ high }).high;
  expect(bytes('200GB')).toEqual({ kind: 'bytes', value: 200e9 });
  expect(bytes('1.5GiB')).toEqual({ kind: 'bytes', value: 1.5 * 2 ** 30 });
  expect(bytes('100 MB')).toEqual({ kind: 'bytes', value: 1e8 });
  expect(bytes('12345B')).toEqual({ kind: 'bytes', value: 12345 });
  const { low, minAge, keep } = parseGcPolicy({ high: '50%' });
  expect([low, minAge, keep]).toEqual([{ kind: 'percent', value: 50 }, 24 * 3_600_000, []]);
  expect(parseGcPolicy({ low: '50%', 'min-age': '0' })).toMatchObject({ high: { value: 50 }, minAge: 0 });
});

test('what makes no sense is refused', () => {
  const policy = (text: Parameters<typeof parseGcPolicy>[0]) => () => parseGcPolicy(text);
  expect(policy({})).toThrow('needs "high"');
  for (const high of ['', '0%', '101%', '-5%', '85', 'x', '5XB', '%', 'GB'])
    expect(policy({ high })).toThrow('invalid image-gc high');
  expect(policy({ high: '85%', low: '5GB' })).toThrow('not of the same kind');
  expect(policy({ high: '70%', low: '85%' })).toThrow('low is above high');
  expect(policy({ high: '70%', 'min-age': 'soon' })).toThrow('invalid image-gc min-age');
  expect(policy({ high: '70%', keep: ['name=x'] })).toThrow('invalid image-gc keep');
  expect(() => parsePolicyFlag('high=5%,medium=4%')).toThrow('invalid image-gc option: "medium=4%"');
  expect(() => parsePolicyObject({ higher: '5%' })).toThrow('invalid image-gc option: "higher"');
  expect(() => parsePolicyObject({ high: 5 })).toThrow('high in the configuration file is not a string');
  expect(() => parsePolicyObject({ high: '5%', keep: 'x' })).toThrow('not a list of strings');
  expect(() => parsePolicyObject([])).toThrow('not an object');
});
