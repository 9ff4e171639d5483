import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { EngineError } from '../lib/errors.ts';
import { formatPlatform, hostPlatform, parsePlatform, platformScore } from './platform.ts';

test('parsePlatform', () => {
  expect(parsePlatform('')).toEqual(hostPlatform());
  expect(formatPlatform(parsePlatform('linux/x86_64'))).toBe('linux/amd64');
  expect(formatPlatform(parsePlatform('arm64'))).toBe('linux/arm64');
  expect(formatPlatform(parsePlatform('linux/arm64/v8'))).toBe('linux/arm64');
  expect(formatPlatform(parsePlatform('linux/arm'))).toBe('linux/arm/v7');
  expect(formatPlatform(parsePlatform('linux/arm/6'))).toBe('linux/arm/v6');
  expect(() => parsePlatform('a/b/c/d')).toThrow('"a/b/c/d" is an invalid OS/architecture');
  expect(() => parsePlatform('linux/')).toThrow('is an invalid OS/architecture');
});

test('platformScore', () => {
  const score = (wanted: string, offered: string) =>
    platformScore(parsePlatform(wanted), parsePlatform(offered));
  expect(score('linux/amd64', 'linux/arm64')).toBe(0);
  expect(score('linux/amd64', 'windows/amd64')).toBe(0);
  expect(score('linux/amd64', 'linux/amd64')).toBeGreaterThan(0);
  expect(score('linux/arm/v7', 'linux/arm/v7')).toBeGreaterThan(score('linux/arm/v7', 'linux/arm/v6'));
  expect(score('linux/arm/v6', 'linux/arm/v7')).toBe(0);
});

function tryFormat(text: string): string | null {
  try {
    return formatPlatform(parsePlatform(text));
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    return null;
  }
}

test('whatever text comes, the answer is a platform that is written and read the same, or an EngineError', () => {
  const piece = fc.constantFrom(
    '/',
    'linux',
    'windows',
    'amd64',
    'x86_64',
    'arm',
    'armel',
    'arm64',
    'v6',
    '8',
    'é',
    '__proto__',
    'constructor',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (platform) => {
      const written = tryFormat(platform);
      if (written !== null) expect(formatPlatform(parsePlatform(written))).toBe(written);
    }),
    { numRuns: 500 },
  );
});
