/** Resources as files of the v1 controllers. Kernel: Documentation/admin-guide/cgroup-v1/. */
import type {
  LinuxBlockIO,
  LinuxCpu,
  LinuxDeviceCgroup,
  LinuxMemory,
  LinuxResources,
  LinuxThrottleDevice,
} from '../../oci/runtime.ts';

/** One setting: written to `file` of the group in the hierarchy that has `controller`. */
export interface Setting {
  controller: string;
  file: string;
  data: string;
}

type Entry = [file: string, value: number | string | undefined];

function settings(controller: string, entries: readonly Entry[]): Setting[] {
  return entries.flatMap(([file, value]) =>
    value === undefined ? [] : [{ controller, file, data: String(value) }],
  );
}

/** The limit before memory+swap: the latter may never be the smaller one. */
function memorySettings(memory: LinuxMemory): Setting[] {
  return settings('memory', [
    ['memory.limit_in_bytes', memory.limit],
    ['memory.memsw.limit_in_bytes', memory.swap],
    ['memory.soft_limit_in_bytes', memory.reservation],
    ['memory.kmem.tcp.limit_in_bytes', memory.kernelTCP],
    ['memory.swappiness', memory.swappiness],
    ['memory.oom_control', memory.disableOOMKiller ? 1 : undefined],
  ]);
}

function cpuSettings(cpu: LinuxCpu): Setting[] {
  return [
    ...settings('cpu', [
      ['cpu.shares', cpu.shares],
      ['cpu.rt_period_us', cpu.realtimePeriod],
      ['cpu.rt_runtime_us', cpu.realtimeRuntime],
      ['cpu.cfs_period_us', cpu.period],
      ['cpu.cfs_quota_us', cpu.quota],
      ['cpu.cfs_burst_us', cpu.burst],
      ['cpu.idle', cpu.idle],
    ]),
    ...settings('cpuset', [
      ['cpuset.cpus', cpu.cpus],
      ['cpuset.mems', cpu.mems],
    ]),
  ];
}

function throttles(name: string, devices: readonly LinuxThrottleDevice[] = []): Entry[] {
  return devices.map(({ major, minor, rate }) => [
    `blkio.throttle.${name}_device`,
    `${major}:${minor} ${rate}`,
  ]);
}

/** `prefix` is "blkio.bfq" where only that scheduler has weights, "blkio" on older kernels. */
function blkioSettings(io: LinuxBlockIO, prefix: string): Setting[] {
  return settings('blkio', [
    [`${prefix}.weight`, io.weight],
    ...(io.weightDevice ?? []).map(
      ({ major, minor, weight = 0 }): Entry => [`${prefix}.weight_device`, `${major}:${minor} ${weight}`],
    ),
    ...throttles('read_bps', io.throttleReadBpsDevice),
    ...throttles('write_bps', io.throttleWriteBpsDevice),
    ...throttles('read_iops', io.throttleReadIOPSDevice),
    ...throttles('write_iops', io.throttleWriteIOPSDevice),
  ]);
}

const number = (value: number | undefined) => (value === undefined || value < 0 ? '*' : String(value));

/** "a" means everything, and also clears what was said before. */
export function deviceSettings(rules: readonly LinuxDeviceCgroup[]): Setting[] {
  return rules.flatMap(({ allow, type = 'a', major, minor, access = 'rwm' }, index) => {
    // A new group has what its parent allows; allowing all again could only fail.
    if (allow && type === 'a' && index === 0) return [];
    const data = type === 'a' ? 'a' : `${type} ${number(major)}:${number(minor)} ${access}`;
    return [{ controller: 'devices', file: allow ? 'devices.allow' : 'devices.deny', data }];
  });
}

export function limitSettings(resources: LinuxResources, blkioPrefix: string): Setting[] {
  const { memory, cpu, pids, blockIO, hugepageLimits = [], network } = resources;
  return [
    ...(memory ? memorySettings(memory) : []),
    ...(cpu ? cpuSettings(cpu) : []),
    ...(pids ? settings('pids', [['pids.max', pids.limit > 0 ? pids.limit : 'max']]) : []),
    ...(blockIO ? blkioSettings(blockIO, blkioPrefix) : []),
    ...settings(
      'hugetlb',
      hugepageLimits.map(({ pageSize, limit }): Entry => [`hugetlb.${pageSize}.limit_in_bytes`, limit]),
    ),
    ...settings('net_cls', [['net_cls.classid', network?.classID]]),
    ...settings(
      'net_prio',
      (network?.priorities ?? []).map(
        ({ name, priority }): Entry => ['net_prio.ifpriomap', `${name} ${priority}`],
      ),
    ),
  ];
}
