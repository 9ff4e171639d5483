/** The body of `POST /containers/{id}/update`: only what was given changes. */
import type { Resources, RestartPolicy } from '../../containers/model.ts';
import { parseResources, parseRestartPolicy } from './create-host.ts';
import { Fields } from './fields.ts';

const limits = [
  ['CpuShares', 'cpuShares'],
  ['Memory', 'memory'],
  ['NanoCpus', 'nanoCpus'],
  ['BlkioWeight', 'blkioWeight'],
  ['CpuPeriod', 'cpuPeriod'],
  ['CpuQuota', 'cpuQuota'],
  ['CpuRealtimePeriod', 'cpuRealtimePeriod'],
  ['CpuRealtimeRuntime', 'cpuRealtimeRuntime'],
  ['CpusetCpus', 'cpusetCpus'],
  ['CpusetMems', 'cpusetMems'],
  ['MemoryReservation', 'memoryReservation'],
  ['MemorySwap', 'memorySwap'],
] as const;

/** Docker's zero means "leave as it is" (the CLI sends every field); pidsLimit alone is a pointer. */
export function parseUpdate(body: unknown): Partial<Resources> & { restartPolicy?: RestartPolicy } {
  const fields = Fields.of(body, 'UpdateConfig');
  const given = parseResources(fields);
  const changed = limits.filter(([name, key]) => {
    const value = given[key];
    return fields.has(name) && value !== 0 && value !== '' && value !== null;
  });
  const pids = fields.integerOrNull('PidsLimit');
  const policy = fields.object('RestartPolicy');
  return {
    ...Object.fromEntries(changed.map(([, key]) => [key, given[key]])),
    ...(pids !== null && { pidsLimit: pids }),
    ...(policy !== null && policy.text('Name') !== '' && { restartPolicy: parseRestartPolicy(policy) }),
  };
}
