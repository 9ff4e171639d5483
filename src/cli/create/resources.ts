/** The limits of a container from its options: part of a create body, and the body of `update`. Only what was given is sent. */
import type { Resources } from '../../api/types/host-config.ts';
import type { FlagValues } from '../flags/parse.ts';

type Mutable = { -readonly [Key in keyof Resources]?: Resources[Key] };

const numbers: readonly (readonly [string, keyof Resources & string])[] = [
  ['blkio-weight', 'BlkioWeight'],
  ['cpu-period', 'CpuPeriod'],
  ['cpu-quota', 'CpuQuota'],
  ['cpu-rt-period', 'CpuRealtimePeriod'],
  ['cpu-rt-runtime', 'CpuRealtimeRuntime'],
  ['cpu-shares', 'CpuShares'],
  ['pids-limit', 'PidsLimit'],
];
const sizes: readonly (readonly [string, keyof Resources & string])[] = [
  ['memory', 'Memory'],
  ['memory-reservation', 'MemoryReservation'],
  ['memory-swap', 'MemorySwap'],
];

/** The options that `update` shares with `run`. */
export function commonResources(flags: FlagValues): Mutable {
  const found: Record<string, number | string> = {};
  for (const [flag, field] of numbers) if (flags.changed(flag)) found[field] = flags.integer(flag);
  for (const [flag, field] of sizes) if (flags.changed(flag)) found[field] = flags.bytes(flag);
  if (flags.changed('cpus')) found.NanoCpus = flags.cpus('cpus');
  if (flags.changed('cpuset-cpus')) found.CpusetCpus = flags.string('cpuset-cpus');
  if (flags.changed('cpuset-mems')) found.CpusetMems = flags.string('cpuset-mems');
  return found;
}
