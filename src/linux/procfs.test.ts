import { describe, expect, test } from 'bun:test';
import { kernelAtLeast, parseCpu, parseCpuList, parseMeminfo, parseOsRelease } from './host.ts';
import { mountOf, parseMountinfo } from './mountinfo.ts';
import { isAlive, parseNetDev, parseStat, stat } from './procfs.ts';
import { formatCpuTime, formatStart, formatTty, parsePs, processTable, ps } from './ps.ts';

describe('processes', () => {
  test('stat, whatever the program calls itself', () => {
    const text = '42 (a) b) c) S 1 42 42 34816 -1 0 0 0 0 0 11 22 0 0 20 0 1 0 987654 0\n';
    expect(parseStat(text)).toEqual({
      pid: 42,
      command: 'a) b) c',
      state: 'S',
      parent: 1,
      tty: 34816,
      userTicks: 11,
      systemTicks: 22,
      startTime: '987654',
    });
  });

  test('this one is alive, and nobody else under its number', () => {
    const own = stat(process.pid);
    expect(own && isAlive(process.pid, own.startTime)).toBe(true);
    expect(isAlive(process.pid, '1')).toBe(false);
    expect(stat(4_000_000)).toBeNull();
  });

  test('network counters without loopback', () => {
    const text = `Inter-|   Receive                            |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
  eth0:12 3 4 5 0 0 0 0 67 8 9 10 0 0 0 0
`;
    expect(parseNetDev(text)).toEqual({
      eth0: {
        rxBytes: 12,
        rxPackets: 3,
        rxErrors: 4,
        rxDropped: 5,
        txBytes: 67,
        txPackets: 8,
        txErrors: 9,
        txDropped: 10,
      },
    });
  });
});

describe('ps', () => {
  test('columns of docker top', () => {
    const { titles, processes } = processTable([process.pid, 4_000_000]);
    expect(titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    expect(processes).toHaveLength(1);
    expect(processes[0]?.[1]).toBe(String(process.pid));
  });

  test('formats', () => {
    expect(formatCpuTime((26 * 3600 + 62) * 100)).toBe('01-02:01:02');
    expect(formatTty(34817)).toBe('pts/1');
    expect(formatTty(0)).toBe('?');
    const now = new Date(2026, 10, 23, 12);
    expect(formatStart(new Date(2026, 10, 23, 9, 5), now)).toBe('09:05');
    expect(formatStart(new Date(2026, 10, 3), now)).toBe('Nov03');
    expect(formatStart(new Date(2025, 1, 3), now)).toBe('2025');
  });

  test('output of the host’s ps: our rows, last column whole', () => {
    const output = '  PID COMMAND\n    1 init\n   42 sleep 100 x\n';
    expect(parsePs(output, new Set([42]))).toEqual({
      titles: ['PID', 'COMMAND'],
      processes: [['42', 'sleep 100 x']],
    });
    expect(() => parsePs('USER\nroot\n', new Set())).toThrow("Couldn't find PID field in ps output");
  });

  test('arguments are ps’s own', async () => {
    const { titles, processes } = await ps([process.pid], '-o pid,comm');
    expect(titles).toEqual(['PID', 'COMMAND']);
    expect(processes).toHaveLength(1);
    expect((await ps([process.pid], 'aux')).processes).toHaveLength(1);
    expect(ps([process.pid], '-o ppid=PID')).rejects.toThrow('specifying "ppid=PID" is not allowed');
  });
});

describe('the machine', () => {
  test('meminfo, stat, os-release', () => {
    expect(parseMeminfo('MemTotal:       2048 kB\nHugePages_Total: 0\n')).toEqual({ MemTotal: 2 << 20 });
    expect(parseCpu('cpu 1 2 3 4 5 6 7 8\ncpu0 1\ncpu1 1\nbtime 5\n')).toEqual({
      system: 280_000_000,
      online: 2,
    });
    expect(parseOsRelease('NAME="A \\"B\\""\nID=x\n')).toEqual({ NAME: 'A "B"', ID: 'x' });
  });

  test('kernel versions and lists of processors', () => {
    expect(kernelAtLeast('4.8', '4.19.0-x')).toBe(true);
    expect(kernelAtLeast('5.12', '5.4.0')).toBe(false);
    expect(parseCpuList('0-2,5')).toEqual([0, 1, 2, 5]);
    expect(() => parseCpuList('3-1')).toThrow(RangeError);
    expect(() => parseCpuList('a')).toThrow(RangeError);
  });

  test('the mount that a path is on', () => {
    const mounts = parseMountinfo(
      '1 0 8:1 / / rw shared:1 - ext4 /dev/sda rw\n2 1 0:5 / /a\\040b rw - tmpfs t rw\n',
    );
    expect(mountOf('/a b/c', mounts)?.fstype).toBe('tmpfs');
    expect(mountOf('/ab', mounts)?.fstype).toBe('ext4');
    expect(mounts[0]?.tags).toEqual(['shared:1']);
  });
});
