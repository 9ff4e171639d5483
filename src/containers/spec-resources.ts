/** Limits of `create` and `update` as the spec's resources. */
import { invalid } from '../lib/errors.ts';
import type {
  LinuxBlockIO,
  LinuxCpu,
  LinuxMemory,
  LinuxResources,
  LinuxThrottleDevice,
} from '../oci/runtime.ts';
import type { DeviceRate, Resources } from './model.ts';

export type BlockDevices = ReadonlyMap<string, { major: number; minor: number }>;

const CPU_PERIOD = 100_000;
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;

/** Keys with a value; undefined when there is none. */
function some<T extends object>(fields: T): T | undefined {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return set.length > 0 ? (Object.fromEntries(set) as T) : undefined;
}

const unlessZero = (value: number) => (value === 0 ? undefined : value);
const unlessEmpty = <T>(list: T[]) => (list.length === 0 ? undefined : list);

function memoryOf(resources: Resources): LinuxMemory | undefined {
  const { memory, memorySwap, memorySwappiness: swappiness } = resources;
  // Docker's default: as much swap as memory. `swap` counts both.
  const swap = memory > 0 && memorySwap === 0 ? memory * 2 : memorySwap;
  return some<LinuxMemory>({
    limit: unlessZero(memory),
    swap: unlessZero(swap),
    reservation: unlessZero(resources.memoryReservation),
    swappiness: swappiness === null || swappiness < 0 ? undefined : swappiness,
    disableOOMKiller: resources.oomKillDisable === true ? true : undefined,
  });
}

function cpuOf(resources: Resources): LinuxCpu | undefined {
  const { nanoCpus, cpuShares } = resources;
  const fraction = nanoCpus > 0;
  return some<LinuxCpu>({
    shares: cpuShares === 0 ? undefined : Math.min(Math.max(cpuShares, MIN_SHARES), MAX_SHARES),
    period: fraction ? CPU_PERIOD : unlessZero(resources.cpuPeriod),
    quota: fraction ? Math.floor((nanoCpus * CPU_PERIOD) / 1e9) : unlessZero(resources.cpuQuota),
    realtimePeriod: unlessZero(resources.cpuRealtimePeriod),
    realtimeRuntime: unlessZero(resources.cpuRealtimeRuntime),
    cpus: resources.cpusetCpus || undefined,
    mems: resources.cpusetMems || undefined,
  });
}

function deviceNumbers(path: string, devices: BlockDevices): { major: number; minor: number } {
  const found = devices.get(path);
  if (!found) throw invalid(`no such file or directory: "${path}"`);
  return found;
}

function blockIoOf(resources: Resources, devices: BlockDevices): LinuxBlockIO | undefined {
  const throttles = (rates: readonly DeviceRate[]) =>
    unlessEmpty(
      rates.map(({ path, rate }): LinuxThrottleDevice => ({ ...deviceNumbers(path, devices), rate })),
    );
  return some<LinuxBlockIO>({
    weight: unlessZero(resources.blkioWeight),
    weightDevice: unlessEmpty(
      resources.blkioWeightDevice.map(({ path, weight }) => ({ ...deviceNumbers(path, devices), weight })),
    ),
    throttleReadBpsDevice: throttles(resources.blkioDeviceReadBps),
    throttleWriteBpsDevice: throttles(resources.blkioDeviceWriteBps),
    throttleReadIOPSDevice: throttles(resources.blkioDeviceReadIops),
    throttleWriteIOPSDevice: throttles(resources.blkioDeviceWriteIops),
  });
}

/** Device rules are not among them: see spec-devices.ts. */
export function specResources(resources: Resources, devices: BlockDevices): LinuxResources {
  const { pidsLimit } = resources;
  return (
    some<LinuxResources>({
      memory: memoryOf(resources),
      cpu: cpuOf(resources),
      pids: pidsLimit === null ? undefined : { limit: pidsLimit > 0 ? pidsLimit : -1 },
      blockIO: blockIoOf(resources, devices),
    }) ?? {}
  );
}

/** Paths whose device numbers specResources wants. */
export function blockDevicePaths(resources: Resources): string[] {
  const { blkioWeightDevice, blkioDeviceReadBps, blkioDeviceWriteBps } = resources;
  const { blkioDeviceReadIops, blkioDeviceWriteIops } = resources;
  return [
    ...blkioWeightDevice,
    ...blkioDeviceReadBps,
    ...blkioDeviceWriteBps,
    ...blkioDeviceReadIops,
    ...blkioDeviceWriteIops,
  ].map(({ path }) => path);
}
