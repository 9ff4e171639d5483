/** `GET /containers/{id}/stats`: raw samples into Docker's JSON. */
import type { StatsSample } from '../../containers/model.ts';
import type { BlkioEntry, ContainerStats, CpuStats, MemoryStats, NetworkStats } from '../types/stats.ts';
import { rfc3339, zeroTime } from './time.ts';

export interface Subject {
  id: string;
  name: string;
}

/** `previous` fills precpu_stats, from which clients compute the CPU share; null for the first sample of a stream. */
export function statsJson(
  { id, name }: Subject,
  sample: StatsSample,
  previous: StatsSample | null,
): ContainerStats {
  const bytes = blkio(sample, 'bytes');
  const v1 = sample.cgroupVersion === 1;
  return {
    id,
    name: `/${name}`,
    os_type: 'linux',
    read: rfc3339(sample.read),
    preread: previous ? rfc3339(previous.read) : zeroTime,
    pids_stats: { current: sample.pids.current, ...(sample.pids.limit > 0 && { limit: sample.pids.limit }) },
    blkio_stats: {
      ...emptyBlkio(v1 ? [] : null),
      io_service_bytes_recursive: bytes,
      ...(v1 && { io_serviced_recursive: blkio(sample, 'operations') }),
    },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu(sample),
    precpu_stats: previous ? cpu(previous) : emptyCpu(),
    memory_stats: memory(sample),
    ...(Object.keys(sample.networks).length > 0 && { networks: networks(sample) }),
  };
}

/** Of a container that does not run. */
export function emptyStatsJson({ id, name }: Subject): ContainerStats {
  return {
    id,
    name: `/${name}`,
    os_type: 'linux',
    read: zeroTime,
    preread: zeroTime,
    pids_stats: {},
    blkio_stats: emptyBlkio(null),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: emptyCpu(),
    precpu_stats: emptyCpu(),
    memory_stats: {},
  };
}

const emptyBlkio = (list: BlkioEntry[] | null) => ({
  io_service_bytes_recursive: list,
  io_serviced_recursive: list,
  io_queue_recursive: list,
  io_service_time_recursive: list,
  io_wait_time_recursive: list,
  io_merged_recursive: list,
  io_time_recursive: list,
  sectors_recursive: list,
});

const emptyCpu = (): CpuStats => ({
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
});

function cpu({ cpu: usage, cgroupVersion }: StatsSample): CpuStats {
  return {
    cpu_usage: {
      total_usage: usage.total,
      ...(cgroupVersion === 1 && { percpu_usage: usage.perCpu }),
      usage_in_kernelmode: usage.kernel,
      usage_in_usermode: usage.user,
    },
    system_cpu_usage: usage.system,
    online_cpus: usage.online,
    throttling_data: {
      periods: usage.throttling.periods,
      throttled_periods: usage.throttling.throttledPeriods,
      throttled_time: usage.throttling.throttledTime,
    },
  };
}

function memory({ memory: usage, cgroupVersion }: StatsSample): MemoryStats {
  return {
    usage: usage.usage,
    ...(cgroupVersion === 1 && { max_usage: usage.maxUsage }),
    stats: usage.stats,
    ...(cgroupVersion === 1 && usage.failcnt > 0 && { failcnt: usage.failcnt }),
    limit: usage.limit,
  };
}

function blkio({ io, cgroupVersion }: StatsSample, what: 'bytes' | 'operations'): BlkioEntry[] {
  // cgroup v1 capitalizes the operations in its files, and Docker hands them through.
  const name = (op: string) => (cgroupVersion === 1 ? `${op.charAt(0).toUpperCase()}${op.slice(1)}` : op);
  return io.map((entry) => ({
    major: entry.major,
    minor: entry.minor,
    op: name(entry.op),
    value: entry[what],
  }));
}

function networks(sample: StatsSample): Record<string, NetworkStats> {
  return Object.fromEntries(
    Object.entries(sample.networks).map(([name, counters]) => [
      name,
      {
        rx_bytes: counters.rxBytes,
        rx_packets: counters.rxPackets,
        rx_errors: counters.rxErrors,
        rx_dropped: counters.rxDropped,
        tx_bytes: counters.txBytes,
        tx_packets: counters.txPackets,
        tx_errors: counters.txErrors,
        tx_dropped: counters.txDropped,
      },
    ]),
  );
}
