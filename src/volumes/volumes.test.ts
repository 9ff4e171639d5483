import { describe, expect, test } from 'bun:test';
import type { Volume } from './model.ts';
import { volumeMount } from './mount-options.ts';
import { parseVolumeName } from './names.ts';
import { prunable } from './prune-filters.ts';

test('names', () => {
  expect(String(parseVolumeName('data_1.x-y'))).toBe('data_1.x-y');
  expect(() => parseVolumeName('./data')).toThrow(
    'create ./data: "./data" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  );
  expect(() => parseVolumeName('a')).toThrow('volume name is too short');
  for (const bad of ['..', '.root', 'a/b', 'a\n', 'ä1', 'a'.repeat(256)])
    expect(() => parseVolumeName(bad)).toThrow();
});

describe('mount options', () => {
  test('become flags and data', () => {
    expect(volumeMount({})).toBeNull();
    expect(volumeMount({ type: 'tmpfs', device: 'tmpfs', o: 'size=10m,uid=1000,nosuid,ro' })).toEqual({
      source: 'tmpfs',
      fstype: 'tmpfs',
      flags: 3,
      data: 'size=10m,uid=1000',
    });
    expect(volumeMount({ type: 'none', device: '/srv', o: 'bind' })?.flags).toBe(4096);
  });
  test('that do not go together', () => {
    expect(() => volumeMount({ foo: '1' })).toThrow('invalid option: "foo"');
    expect(() => volumeMount({ type: 'tmpfs' })).toThrow('missing required option: "device"');
    expect(() => volumeMount({ o: 'bind' })).toThrow('missing required option');
    expect(() => volumeMount({ size: '1g' })).toThrow('quota size requested but no quota support');
  });
});

test('prune filters', () => {
  const volume = (anonymous: boolean, labels: Record<string, string> = {}): Volume => ({
    name: parseVolumeName('vol'),
    driver: 'local',
    mountpoint: '',
    created: 0,
    labels,
    options: {},
    scope: 'local',
    anonymous,
  });
  const taken = (filters: Record<string, string[]>, v: Volume) =>
    prunable(new Map(Object.entries(filters)))(v);
  expect(taken({}, volume(true))).toBe(true);
  expect(taken({}, volume(false))).toBe(false);
  expect(taken({ all: ['1'] }, volume(false))).toBe(true);
  expect(taken({ all: ['true'], label: ['a=b'] }, volume(false, { a: 'b' }))).toBe(true);
  expect(taken({ label: ['a=c'] }, volume(true, { a: 'b' }))).toBe(false);
  expect(taken({ 'label!': ['a'] }, volume(true, { a: 'b' }))).toBe(false);
  expect(() => taken({ until: ['1h'] }, volume(true))).toThrow("invalid filter 'until'");
  expect(() => taken({ all: ['maybe'] }, volume(true))).toThrow('invalid filter');
});
