/** What a container uses, from the v1 controllers. Bytes and nanoseconds. */
import { readControl, readNumber, readTable } from '../../linux/cgroupfs.ts';
import type { CgroupStats } from '../model.ts';

type DirectoryOf = (controller: string) => string;
const NANOSECONDS_PER_TICK = 10_000_000;

function cpuStats(directoryOf: DirectoryOf): CgroupStats['cpu'] {
  const accounting = directoryOf('cpuacct');
  const throttling = readTable(`${directoryOf('cpu')}/cpu.stat`);
  // In ticks where the kernel is too old for the _user and _sys files.
  const ticks = readTable(`${accounting}/cpuacct.stat`);
  const perCpu = (readControl(`${accounting}/cpuacct.usage_percpu`) ?? '').split(' ');
  return {
    total: readNumber(`${accounting}/cpuacct.usage`),
    user: readNumber(`${accounting}/cpuacct.usage_user`, (ticks.user ?? 0) * NANOSECONDS_PER_TICK),
    kernel: readNumber(`${accounting}/cpuacct.usage_sys`, (ticks.system ?? 0) * NANOSECONDS_PER_TICK),
    perCpu: perCpu.filter((text) => text !== '').map(Number),
    throttling: {
      periods: throttling.nr_periods ?? 0,
      throttledPeriods: throttling.nr_throttled ?? 0,
      throttledTime: throttling.throttled_time ?? 0,
    },
  };
}

function memoryStats(directory: string): CgroupStats['memory'] {
  return {
    usage: readNumber(`${directory}/memory.usage_in_bytes`),
    maxUsage: readNumber(`${directory}/memory.max_usage_in_bytes`),
    limit: readNumber(`${directory}/memory.limit_in_bytes`),
    failcnt: readNumber(`${directory}/memory.failcnt`),
    stats: readTable(`${directory}/memory.stat`),
  };
}

/** "8:0 Read 4096" lines of one of the throttle files, by "8:0 Read". */
function ioTable(path: string): Map<string, number> {
  const table = new Map<string, number>();
  for (const line of (readControl(path) ?? '').split('\n')) {
    const [device, operation, value] = line.split(' ');
    if (value !== undefined) table.set(`${device} ${operation}`, Number(value));
  }
  return table;
}

function ioStats(directory: string): CgroupStats['io'] {
  const bytes = ioTable(`${directory}/blkio.throttle.io_service_bytes_recursive`);
  const operations = ioTable(`${directory}/blkio.throttle.io_serviced_recursive`);
  return [...bytes].flatMap(([key, value]) => {
    const match = /^(\d+):(\d+) (Read|Write)$/.exec(key);
    if (!match) return [];
    const op = match[3] === 'Read' ? 'read' : 'write';
    return [
      {
        major: Number(match[1]),
        minor: Number(match[2]),
        op,
        bytes: value,
        operations: operations.get(key) ?? 0,
      } as const,
    ];
  });
}

export function readStats(directoryOf: DirectoryOf): CgroupStats {
  const pids = directoryOf('pids');
  return {
    cpu: cpuStats(directoryOf),
    memory: memoryStats(directoryOf('memory')),
    // limit 0: none
    pids: { current: readNumber(`${pids}/pids.current`), limit: readNumber(`${pids}/pids.max`) },
    io: ioStats(directoryOf('blkio')),
  };
}
