import { expect, test } from 'bun:test';
import { availableCapabilities, capabilityMask, defaultCapabilities, namesOfMask } from './capabilities.ts';
import { deviceAt, majorMinor } from './devices.ts';
import { errnoName, errnoNumber, errnoText } from './errno.ts';
import { CLONE, flagNames } from './flags.ts';
import { parseSignal, signalName } from './signals.ts';
import { syscallTable } from './syscalls/tables.ts';

test('capabilities: the default mask is the one that every Docker container shows', () => {
  expect(capabilityMask(defaultCapabilities)).toBe(0xa80425fbn);
  expect(capabilityMask(namesOfMask(0xa80425fbn))).toBe(0xa80425fbn);
  expect(availableCapabilities('CapPrm:\t0000000000000003\nCapBnd:\t0000000000000001\n')).toEqual([
    'CAP_CHOWN',
  ]);
});

test('signals in every way to name them', () => {
  expect(['TERM', 'SIGTERM', 'sigterm', '15'].map(parseSignal)).toEqual([15, 15, 15, 15]);
  expect(['RTMIN', 'SIGRTMIN+3', 'RTMAX-14', '64'].map(parseSignal)).toEqual([34, 37, 50, 64]);
  for (const text of ['', '0', '65', 'NONE', 'RTMIN+31', 'RTMIN-1'])
    expect(() => parseSignal(text)).toThrow(`invalid signal: ${text}`);
  expect([9, 37, 99].map(signalName)).toEqual(['SIGKILL', 'SIGRTMIN+3', '99']);
});

test('errno, flags', () => {
  expect([errnoName(13), errnoText(13), errnoNumber('EACCES')]).toEqual(['EACCES', 'permission denied', 13]);
  expect(flagNames('CLONE_', CLONE, CLONE.NEWNS | CLONE.NEWPID | 1)).toBe('CLONE_NEWNS|CLONE_NEWPID|0x1');
  expect(flagNames('CLONE_', CLONE, 0)).toBe('0');
});

test('devices', () => {
  expect(deviceAt('/dev/null')).toMatchObject({ type: 'c', major: 1, minor: 3 });
  expect(deviceAt('/etc')).toBeNull();
  expect(deviceAt('/dev/nothing')).toBeNull();
  expect(majorMinor(0x12345)).toEqual({ major: 0x123, minor: 0x45 });
});

test('system calls: a number of each architecture', () => {
  const numbers = (['x86_64', 'x32', 'i386', 'aarch64', 'arm'] as const).map((arch) =>
    syscallTable(arch).get('openat2'),
  );
  expect(numbers).toEqual([437, 0x40000000 + 437, 437, 437, 437]);
  expect(syscallTable('x86_64').get('execve')).toBe(59);
  expect(syscallTable('i386').get('socketcall')).toBe(102);
  expect(syscallTable('arm').get('execve')).toBe(11);
  expect(syscallTable('aarch64').get('execve')).toBe(221);
});
