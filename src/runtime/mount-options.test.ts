import { expect, test } from 'bun:test';
import { MOUNT_ATTR, MS } from '../linux/flags.ts';
import { parseMountOptions } from './mount-options.ts';

test('flags and data of a tmpfs', () => {
  const options = parseMountOptions(['nosuid', 'strictatime', 'mode=755', 'size=65536k']);
  expect(options.flags).toBe(MS.NOSUID | MS.STRICTATIME);
  expect(options.data).toBe('mode=755,size=65536k');
});

test('later words win over earlier ones', () => {
  expect(parseMountOptions(['noexec', 'nosuid', 'exec', 'size=1m', 'size=2m', 'rw'])).toMatchObject({
    flags: MS.NOSUID,
    data: 'size=2m',
    clearAttr: MOUNT_ATTR.NOEXEC | MOUNT_ATTR.RDONLY,
  });
  expect(parseMountOptions(['noatime', 'strictatime']).flags).toBe(MS.STRICTATIME);
});

test('binds: recursion, propagation, read-only here or all the way down', () => {
  expect(parseMountOptions(['rbind', 'rslave', 'ro'])).toMatchObject({
    bind: true,
    recursive: true,
    propagation: MS.SLAVE | MS.REC,
    setAttr: MOUNT_ATTR.RDONLY,
    recursiveAttr: false,
  });
  expect(parseMountOptions(['bind', 'rro'])).toMatchObject({
    bind: true,
    recursive: false,
    setAttr: MOUNT_ATTR.RDONLY,
    recursiveAttr: true,
  });
});

test('access times are one field of mount_setattr, cleared before it is set', () => {
  expect(parseMountOptions(['bind', 'noatime'])).toMatchObject({
    setAttr: MOUNT_ATTR.NOATIME,
    clearAttr: MOUNT_ATTR.ATIME,
  });
});

test('words that only look like recursive ones are data', () => {
  expect(parseMountOptions(['rootcontext=x', 'rfoo']).data).toBe('rootcontext=x,rfoo');
});
