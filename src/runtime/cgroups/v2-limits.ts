/** Resources, which count as v1 does, as files of cgroup v2. Kernel: Documentation/admin-guide/cgroup-v2.rst. */
import type {
  LinuxBlockIO,
  LinuxCpu,
  LinuxMemory,
  LinuxResources,
  LinuxThrottleDevice,
} from '../../oci/runtime.ts';
import type { Setting } from './v1-limits.ts';

const DEFAULT_PERIOD = 100_000;

const maximum = (value: number) => (value < 0 ? 'max' : String(value));

/** v2 limits swap alone; the spec (as v1) memory and swap together. -1: unlimited; equal: none. */
function swapLimit({ limit, swap }: LinuxMemory): string | undefined {
  if (swap === undefined) return undefined;
  if (swap < 0) return 'max';
  if (limit === undefined || limit < 0) return undefined;
  return String(Math.max(0, swap - limit));
}

/**
 * cpu.shares (2 to 262144, default 1024) as cpu.weight (1 to 10000, default 100): the curve of runc 1.3 and crun 1.23
 * that maps the ends and the default onto each other. The older straight line made 1024 a weight of 39.
 */
export function weightOfShares(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}

/** 10..1000 -> 1..10000 */
export const ioWeight = (weight: number) => Math.floor(1 + ((weight - 10) * 9999) / 990);

function memorySettings(memory: LinuxMemory): [string, string | undefined][] {
  const { limit, reservation } = memory;
  return [
    ['memory.max', limit === undefined ? undefined : maximum(limit)],
    ['memory.swap.max', swapLimit(memory)],
    ['memory.low', reservation === undefined ? undefined : maximum(reservation)],
  ];
}

function cpuSettings(cpu: LinuxCpu): [string, string | undefined][] {
  const { quota, period, shares, burst, idle } = cpu;
  const bandwidth =
    quota === undefined && period === undefined
      ? undefined
      : `${quota !== undefined && quota > 0 ? quota : 'max'} ${period ?? DEFAULT_PERIOD}`;
  return [
    ['cpu.weight', shares ? String(weightOfShares(shares)) : undefined],
    ['cpu.max', bandwidth],
    ['cpu.max.burst', burst === undefined ? undefined : String(burst)],
    ['cpu.idle', idle === undefined ? undefined : String(idle)],
    ['cpuset.cpus', cpu.cpus],
    ['cpuset.mems', cpu.mems],
  ];
}

/** The scheduler BFQ has its own file, whose weights count as the spec's do (1 to 1000). */
export type IoWeightFile = 'io.bfq.weight' | 'io.weight';

/** `file` null: this kernel weighs no io. */
function ioSettings(io: LinuxBlockIO, file: IoWeightFile | null): [string, string | undefined][] {
  const convert = (weight: number) => (file === 'io.weight' ? ioWeight(weight) : weight);
  const limits = (key: string, devices: readonly LinuxThrottleDevice[] = []): [string, string][] =>
    devices.map(({ major, minor, rate }) => ['io.max', `${major}:${minor} ${key}=${rate}`]);
  const weights =
    file === null
      ? []
      : [
          ...(io.weight ? [String(convert(io.weight))] : []),
          ...(io.weightDevice ?? []).map(
            ({ major, minor, weight = 100 }) => `${major}:${minor} ${convert(weight)}`,
          ),
        ].map((data): [string, string] => [file, data]);
  return [
    ...weights,
    ...limits('rbps', io.throttleReadBpsDevice),
    ...limits('wbps', io.throttleWriteBpsDevice),
    ...limits('riops', io.throttleReadIOPSDevice),
    ...limits('wiops', io.throttleWriteIOPSDevice),
  ];
}

/** Raw files of the spec's `unified` come last and so win. */
export function unifiedSettings(resources: LinuxResources, weightFile: IoWeightFile | null): Setting[] {
  const { memory, cpu, pids, blockIO, hugepageLimits = [], unified = {} } = resources;
  const entries: [string, string | undefined][] = [
    ...(memory ? memorySettings(memory) : []),
    ...(cpu ? cpuSettings(cpu) : []),
    ...(pids ? [['pids.max', pids.limit > 0 ? String(pids.limit) : 'max'] as [string, string]] : []),
    ...(blockIO ? ioSettings(blockIO, weightFile) : []),
    ...hugepageLimits.map(({ pageSize, limit }): [string, string] => [
      `hugetlb.${pageSize}.max`,
      String(limit),
    ]),
    ...Object.entries(unified).filter(([file]) => !file.includes('/')),
  ];
  return entries.flatMap(([file, data]) =>
    data === undefined ? [] : [{ controller: file.split('.', 1)[0] ?? '', file, data }],
  );
}
