/** What every RUN may use. */
import type { BuildLimits } from '../../api/types/builds.ts';
import { parseUlimit } from '../create/validators.ts';
import { ExitError } from '../exit.ts';
import { parseBytes, parseInteger } from '../flags/numbers.ts';
import type { FlagValues } from '../flags/parse.ts';

type Draft = { -readonly [Key in keyof BuildLimits]: BuildLimits[Key] };

/** Only what was given. */
export function limitsOf(flags: FlagValues): BuildLimits {
  const limits: Draft = {};
  for (const [name, field] of integers) if (flags.changed(name)) limits[field] = flags.integer(name);
  for (const [name, field] of sizes) if (flags.changed(name)) limits[field] = flags.bytes(name);
  for (const [name, field] of texts) if (flags.changed(name)) limits[field] = flags.string(name);
  if (flags.changed('add-host')) limits.ExtraHosts = [...flags.list('add-host')];
  if (flags.changed('security-opt')) limits.SecurityOpt = [...flags.list('security-opt')];
  if (flags.changed('ulimit')) limits.Ulimits = flags.list('ulimit').map(parseUlimit);
  for (const text of flags.list('resource')) setResource(limits, text);
  return limits;
}

const integers = [
  ['cpu-period', 'CpuPeriod'],
  ['cpu-quota', 'CpuQuota'],
  ['cpu-shares', 'CpuShares'],
] as const;
const sizes = [
  ['memory', 'Memory'],
  ['memory-swap', 'MemorySwap'],
  ['shm-size', 'ShmSize'],
] as const;
const texts = [
  ['cgroup-parent', 'CgroupParent'],
  ['cpuset-cpus', 'CpusetCpus'],
  ['cpuset-mems', 'CpusetMems'],
] as const;

/** `--resource memory=2g`: the same by the names of the options. */
function setResource(limits: Draft, text: string): void {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  const integer = integers.find(([option]) => option === name);
  const size = sizes.find(([option]) => option === name && option !== 'shm-size');
  const other = texts.find(([option]) => option === name && option !== 'cgroup-parent');
  if (integer) limits[integer[1]] = parseInteger(value);
  else if (size) limits[size[1]] = value === '-1' ? -1 : parseBytes(value);
  else if (other) limits[other[1]] = value;
  else throw new ExitError(`invalid --resource ${JSON.stringify(text)}`);
}
