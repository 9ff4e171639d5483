/** Limits that this host cannot do: left out of the plan, and told to the user in Docker's words (moby daemon_unix.go). */
import type { LinuxResources } from '../../oci/runtime.ts';

export interface Features {
  memory: boolean;
  swap: boolean;
  reservation: boolean;
  swappiness: boolean;
  oomKillDisable: boolean;
  cpuShares: boolean;
  cpuQuota: boolean;
  cpuset: boolean;
  pids: boolean;
  ioWeight: boolean;
  ioWeightDevice: boolean;
  ioThrottle: boolean;
}

const unmounted = 'or the cgroup is not mounted';

function memoryWarnings({ memory = {} }: LinuxResources, features: Features): string[] {
  const warnings: string[] = [];
  const { limit = 0, swap = 0, reservation = 0, swappiness, disableOOMKiller } = memory;
  if (limit > 0 && !features.memory)
    warnings.push(
      `Your kernel does not support memory limit capabilities ${unmounted}. Limitation discarded.`,
    );
  if (limit > 0 && swap > 0 && !features.swap)
    warnings.push(
      `Your kernel does not support swap limit capabilities ${unmounted}. Memory limited without swap.`,
    );
  if (swappiness !== undefined && !features.swappiness)
    warnings.push(
      `Your kernel does not support memory swappiness capabilities ${unmounted}. Memory swappiness discarded.`,
    );
  if (reservation > 0 && !features.reservation)
    warnings.push(
      `Your kernel does not support memory soft limit capabilities ${unmounted}. Limitation discarded.`,
    );
  if (disableOOMKiller && !features.oomKillDisable)
    warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
  else if (disableOOMKiller && limit === 0)
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  return warnings;
}

function cpuWarnings({ cpu = {}, pids }: LinuxResources, features: Features): string[] {
  const warnings: string[] = [];
  if (pids && pids.limit > 0 && !features.pids)
    warnings.push(`Your kernel does not support PIDs limit capabilities ${unmounted}. PIDs limit discarded.`);
  if (cpu.shares !== undefined && !features.cpuShares)
    warnings.push(`Your kernel does not support CPU shares ${unmounted}. Shares discarded.`);
  if ((cpu.period !== undefined || cpu.quota !== undefined) && !features.cpuQuota)
    warnings.push('Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.');
  if ((cpu.cpus !== undefined || cpu.mems !== undefined) && !features.cpuset)
    warnings.push(`Your kernel does not support cpuset ${unmounted}. Cpuset discarded.`);
  return warnings;
}

function ioWarnings({ blockIO = {} }: LinuxResources, features: Features): string[] {
  const warnings: string[] = [];
  if (blockIO.weight !== undefined && !features.ioWeight)
    warnings.push(`Your kernel does not support Block I/O weight ${unmounted}. Weight discarded.`);
  if (blockIO.weightDevice?.length && !features.ioWeightDevice)
    warnings.push(
      `Your kernel does not support Block I/O weight_device ${unmounted}. Weight-device discarded.`,
    );
  if (features.ioThrottle) return warnings;
  const discarded = (list: unknown[] | undefined, kernel: string, what: string) => {
    if (list?.length)
      warnings.push(
        `Your kernel does not support ${kernel} limit ${unmounted}. Block I/O ${what} limit discarded.`,
      );
  };
  discarded(blockIO.throttleReadBpsDevice, 'BPS Block I/O read', 'BPS read');
  discarded(blockIO.throttleWriteBpsDevice, 'BPS Block I/O write', 'BPS write');
  discarded(blockIO.throttleReadIOPSDevice, 'IOPS Block read', 'IOPS read');
  discarded(blockIO.throttleWriteIOPSDevice, 'IOPS Block I/O write', 'IOPS write');
  return warnings;
}

export function limitWarnings(resources: LinuxResources, features: Features): string[] {
  return [
    ...memoryWarnings(resources, features),
    ...cpuWarnings(resources, features),
    ...ioWarnings(resources, features),
  ];
}
