/** The body of `POST /containers/{id}/update`: only what was given changes. */
import type { PublishChanges } from '../../containers/model.ts';
import type { Containers } from '../../containers/service.ts';
import { parseResources, parseRestartPolicy } from './create-host.ts';
import { Fields } from './fields.ts';
import { parsePortBindings, parsePorts } from './ports.ts';

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
export function parseUpdate(body: unknown): Parameters<Containers['update']>[1] {
  const fields = Fields.of(body, 'UpdateConfig');
  const given = parseResources(fields);
  const changed = limits.filter(([name, key]) => {
    const value = given[key];
    return fields.has(name) && value !== 0 && value !== '' && value !== null;
  });
  const pids = fields.integerOrNull('PidsLimit');
  const policy = fields.object('RestartPolicy');
  const publish = parsePublish(fields);
  return {
    ...Object.fromEntries(changed.map(([, key]) => [key, given[key]])),
    ...(pids !== null && { pidsLimit: pids }),
    ...(policy !== null && policy.text('Name') !== '' && { restartPolicy: parseRestartPolicy(policy) }),
    ...(publish !== null && { publish }),
  };
}

/** gantry's own. null: nothing was said of ports. */
function parsePublish(fields: Fields): PublishChanges | null {
  const add = parsePortBindings(fields, 'PublishAdd');
  const remove = fields.list('PublishRemove', (port) =>
    parsePorts(port.text('Port')).map((key) => ({
      port: key,
      hostIp: port.text('HostIp'),
      hostPort: port.textOrNumber('HostPort'),
    })),
  );
  if (Object.keys(add).length === 0 && remove.length === 0) return null;
  return { add, remove: remove.flat() };
}
