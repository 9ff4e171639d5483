import { describe, expect, test } from 'bun:test';
import { parseMountinfo } from '../../linux/mountinfo.ts';
import type { Operation } from '../../linux/operations.ts';
import { v1Hierarchies, v2Directory } from './hierarchies.ts';
import { CgroupsV1 } from './v1.ts';
import { limitSettings } from './v1-limits.ts';
import { CgroupsV2 } from './v2.ts';
import { ioWeight, unifiedSettings, weightOfShares } from './v2-limits.ts';
import { parseIoStat } from './v2-stats.ts';

const hybrid = parseMountinfo(`31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`);
const unified = parseMountinfo('31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n');

const files = (paths: Record<string, string>) => ({ read: (path: string) => paths[path] ?? null });
const show = (operations: readonly Operation[]) =>
  operations.map((operation) => {
    if (operation.op === 'write') return `${operation.data} > ${operation.path}`;
    return 'path' in operation ? `${operation.op} ${operation.path}` : operation.op;
  });

describe('hierarchies', () => {
  test('hybrid: v1 controllers, also two in one, and systemd’s', () => {
    expect(v1Hierarchies(hybrid).map(({ label, controllers, data }) => [label, controllers, data])).toEqual([
      ['cpu,cpuacct', ['cpu', 'cpuacct'], 'cpu,cpuacct'],
      ['cpuset', ['cpuset'], 'cpuset'],
      ['memory', ['memory'], 'memory'],
      ['devices', ['devices'], 'devices'],
      ['systemd', [], 'none,name=systemd'],
    ]);
    expect(v2Directory(hybrid)).toBeNull();
  });
  test('unified', () => expect(v2Directory(unified)).toBe('/sys/fs/cgroup'));
});

describe('v1', () => {
  const root = '/sys/fs/cgroup';
  const kernel = {
    [`${root}/cpuset/cpuset.cpus`]: '0-3',
    [`${root}/cpuset/cpuset.mems`]: '0',
    [`${root}/memory/memory.limit_in_bytes`]: '1',
    [`${root}/cpu,cpuacct/cpu.shares`]: '1024',
  };
  const make = (more: Record<string, string> = {}) =>
    new CgroupsV1({ hierarchies: v1Hierarchies(hybrid), ...files({ ...kernel, ...more }) });

  test('the first container makes the parent, and fills its cpuset', () => {
    const plan = show(make().create('/gantry/a', {}));
    expect(plan).toContain(`mkdir ${root}/memory/gantry`);
    expect(plan).toContain(`0-3 > ${root}/cpuset/gantry/cpuset.cpus`);
    expect(plan).toContain(`0 > ${root}/cpuset/gantry/cpuset.mems`);
    expect(plan).toContain(`1 > ${root}/cpuset/gantry/cgroup.clone_children`);
    expect(plan.indexOf(`mkdir ${root}/cpuset/gantry/a`)).toBeGreaterThan(
      plan.indexOf(`1 > ${root}/cpuset/gantry/cgroup.clone_children`),
    );
  });

  test('the next only makes its own directories', () => {
    const parents = Object.fromEntries(
      ['cpu,cpuacct', 'cpuset', 'memory', 'devices', 'systemd'].map((label) => [
        `${root}/${label}/gantry/cgroup.clone_children`,
        label === 'cpuset' ? '1' : '0',
      ]),
    );
    expect(make(parents).create('/gantry/a', {})).toHaveLength(5);
  });

  test('limits that the host lacks are left out and named', () => {
    const resources = { memory: { limit: 1 << 26, swap: 1 << 27 }, cpu: { shares: 512 } };
    const plan = show(make().create('/gantry/a', resources));
    expect(plan).toContain(`67108864 > ${root}/memory/gantry/a/memory.limit_in_bytes`);
    expect(plan).toContain(`512 > ${root}/cpu,cpuacct/gantry/a/cpu.shares`);
    expect(plan.join()).not.toContain('memsw');
  });

  test('device rules; allowing all to begin with is nothing to do', () => {
    const rules = (devices: { allow: boolean; type?: string; major?: number }[]) =>
      show(make().create('/a', { devices })).filter((line) => line.includes('devices.'));
    expect(rules([{ allow: true }])).toEqual([]);
    expect(rules([{ allow: false }, { allow: true, type: 'c', major: 136 }])).toEqual([
      `a > ${root}/devices/a/devices.deny`,
      `c 136:* rwm > ${root}/devices/a/devices.allow`,
    ]);
  });

  test('shown in the container with a link for each controller of a joint hierarchy', () => {
    const mounts = make().mount('/gantry/a', { namespace: false, readonly: true });
    const links = mounts.flatMap((operation) => (operation.op === 'symlink' ? [operation.target] : []));
    expect(links).toEqual(['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpuacct']);
    expect(mounts.at(-1)).toMatchObject({ op: 'mount-attr', setAttr: 1 });
  });

  test('throttles', () => {
    const blockIO = { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1024 }], weight: 500 };
    expect(limitSettings({ blockIO }, 'blkio.bfq')).toEqual([
      { controller: 'blkio', file: 'blkio.bfq.weight', data: '500' },
      { controller: 'blkio', file: 'blkio.throttle.read_bps_device', data: '8:0 1024' },
    ]);
  });
});

describe('v2', () => {
  const kernel = { '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids' };
  const make = (more: Record<string, string> = {}) =>
    new CgroupsV2({ directory: '/sys/fs/cgroup', list: () => ['some'], ...files({ ...kernel, ...more }) });

  test('controllers are handed down from the top', () => {
    expect(
      show(make({ '/sys/fs/cgroup/cgroup.subtree_control': 'cpu memory' }).create('/gantry/a', {})),
    ).toEqual([
      '+cpuset +io +pids > /sys/fs/cgroup/cgroup.subtree_control',
      'mkdir /sys/fs/cgroup/gantry',
      '+cpuset +cpu +io +memory +pids > /sys/fs/cgroup/gantry/cgroup.subtree_control',
      'mkdir /sys/fs/cgroup/gantry/a',
    ]);
  });

  test('nothing to hand down: one directory, and the device filter', () => {
    const all = 'cpuset cpu io memory pids';
    const host = make({
      '/sys/fs/cgroup/cgroup.subtree_control': all,
      '/sys/fs/cgroup/gantry/cgroup.subtree_control': all,
    });
    expect(host.create('/gantry/a', { devices: [{ allow: false }] }).map(({ op }) => op)).toEqual([
      'mkdir',
      'device-filter',
    ]);
    expect(host.cloneInto('/gantry/a')).toBe('/sys/fs/cgroup/gantry/a');
  });

  test('an exec goes where process 1 is, once the container’s group hands controllers down', () => {
    const group = '/sys/fs/cgroup/gantry/a';
    const inner = { '/proc/7/cgroup': '0::/gantry/a/init' };
    expect(make(inner).cloneInto('/gantry/a', 7)).toBe(group);
    const divided = { ...inner, [`${group}/cgroup.subtree_control`]: 'memory' };
    expect(make(divided).cloneInto('/gantry/a', 7)).toBe(`${group}/init`);
    expect(make({ ...divided, '/proc/7/cgroup': '0::/elsewhere' }).cloneInto('/gantry/a', 7)).toBe(group);
  });

  test('io weights go into the file that groups have, or are named as not possible', () => {
    const resources = { blockIO: { weight: 500 } };
    const made = (more: Record<string, string>) =>
      show(make({ '/sys/fs/cgroup/some/io.max': '', ...more }).create('/a', resources)).filter((line) =>
        line.includes('weight'),
      );
    expect(made({ '/sys/fs/cgroup/some/io.weight': '' })).toEqual(['4950 > /sys/fs/cgroup/a/io.weight']);
    expect(made({ '/sys/fs/cgroup/some/io.bfq.weight': '' })).toEqual([
      '500 > /sys/fs/cgroup/a/io.bfq.weight',
    ]);
    expect(made({})).toEqual([]);
    expect(make({ '/sys/fs/cgroup/some/io.max': '' }).warnings(resources)).toEqual([
      'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
    ]);
  });

  test('memory and swap count apart, unlike in the spec', () => {
    const swapOf = (limit: number, swap: number) =>
      unifiedSettings({ memory: { limit, swap } }, null).find(({ file }) => file === 'memory.swap.max')?.data;
    expect(swapOf(100, 300)).toBe('200');
    expect(swapOf(100, 100)).toBe('0');
    expect(swapOf(100, -1)).toBe('max');
  });

  test('shares to weights: ends and default map onto each other', () => {
    expect([2, 1024, 262_144].map(weightOfShares)).toEqual([1, 100, 10_000]);
    expect([10, 1000].map(ioWeight)).toEqual([1, 10_000]);
  });

  test('bandwidth', () => {
    const bandwidth = (cpu: { quota?: number; period?: number }) => unifiedSettings({ cpu }, null)[0]?.data;
    expect(bandwidth({ quota: 50_000, period: 100_000 })).toBe('50000 100000');
    expect(bandwidth({ quota: -1 })).toBe('max 100000');
  });

  test('what v2 has no counterpart for is named', () => {
    expect(make().warnings({ memory: { swappiness: 10 } })).toEqual([
      'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
    ]);
  });

  test('io.stat', () => {
    expect(parseIoStat('8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0')).toEqual([
      { major: 8, minor: 0, op: 'read', bytes: 10, operations: 1 },
      { major: 8, minor: 0, op: 'write', bytes: 20, operations: 2 },
    ]);
  });
});
