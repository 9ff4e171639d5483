import { describe, expect, test } from 'bun:test';
import type { Volume } from './model.ts';
import { checkOptions, serverOf, sizeLimit, volumeMount, withServer } from './mount-options.ts';
import { parseVolumeName } from './names.ts';
import { prunable } from './prune-filters.ts';

test('names', () => {
  expect(String(parseVolumeName('data_1.x-y'))).toBe('data_1.x-y');
  expect(() => parseVolumeName('./data')).toThrow(
    '"./data" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
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
  test('the last of two opposites wins', () => {
    const flags = (o: string) => volumeMount({ type: 'ext4', device: '/dev/x', o })?.flags;
    expect(flags('ro,rw')).toBe(0);
    expect(flags('rw,noatime,ro')).toBe(1025);
  });
  test('that do not go together', () => {
    expect(() => checkOptions({ foo: '1' })).toThrow('invalid option: "foo"');
    expect(() => checkOptions({ type: 'tmpfs' })).toThrow('missing required option: "device"');
    expect(() => checkOptions({ o: 'bind' })).toThrow('missing required option: "device"');
    expect(() => checkOptions({ size: '1x' })).toThrow("invalid size: '1x'");
    expect(() => checkOptions({ size: '1g', type: 'tmpfs', device: 'tmpfs' })).toThrow('has its own');
  });
  test('sizes are in powers of 1024', () => {
    for (const [text, bytes] of Object.entries({ 7: 7, '10m': 10485760, '1.5 GiB': 1610612736, '1KB': 1024 }))
      expect(sizeLimit({ size: text })).toBe(bytes);
  });
  test('a server of a network file system is found by name', () => {
    const nfs = (o: string) => ({ source: ':/export', fstype: 'nfs', flags: 0, data: o });
    expect(serverOf(nfs('vers=4,addr=store.example,soft'))).toBe('store.example');
    expect(serverOf(nfs('soft'))).toBe('');
    expect(serverOf({ ...nfs('addr=store.example'), fstype: 'ext4' })).toBe('');
    expect(withServer(nfs('vers=4,addr=store.example,soft'), '10.0.0.9').data).toBe(
      'vers=4,addr=10.0.0.9,soft',
    );
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
