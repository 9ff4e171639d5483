import { expect, test } from 'bun:test';
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
