/** What a container uses, from cgroup v2. Bytes and nanoseconds. */
import { readControl, readNumber, readTable } from '../../linux/cgroupfs.ts';
import type { CgroupStats } from '../model.ts';

const NANOSECONDS = 1000;

function cpuStats(directory: string): CgroupStats['cpu'] {
  const table = readTable(`${directory}/cpu.stat`);
  return {
    total: (table.usage_usec ?? 0) * NANOSECONDS,
    user: (table.user_usec ?? 0) * NANOSECONDS,
    kernel: (table.system_usec ?? 0) * NANOSECONDS,
    perCpu: [],
    throttling: {
      periods: table.nr_periods ?? 0,
      throttledPeriods: table.nr_throttled ?? 0,
      throttledTime: (table.throttled_usec ?? 0) * NANOSECONDS,
    },
  };
}

function memoryStats(directory: string): CgroupStats['memory'] {
  return {
    usage: readNumber(`${directory}/memory.current`),
    maxUsage: readNumber(`${directory}/memory.peak`),
    limit: readNumber(`${directory}/memory.max`, Number.MAX_SAFE_INTEGER),
    failcnt: readTable(`${directory}/memory.events`).max ?? 0,
    stats: readTable(`${directory}/memory.stat`),
  };
}

/** io.stat: "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0". */
export function parseIoStat(text: string): CgroupStats['io'] {
  return text.split('\n').flatMap((line) => {
    const [device = '', ...pairs] = line.split(' ');
    const [major, minor] = device.split(':').map(Number);
    if (major === undefined || minor === undefined) return [];
    const fields = new Map(pairs.map((pair) => pair.split('=') as [string, string]));
    const at = (name: string) => Number(fields.get(name) ?? 0);
    return [
      { major, minor, op: 'read', bytes: at('rbytes'), operations: at('rios') } as const,
      { major, minor, op: 'write', bytes: at('wbytes'), operations: at('wios') } as const,
    ];
  });
}

export function readUnifiedStats(directory: string): CgroupStats {
  return {
    cpu: cpuStats(directory),
    memory: memoryStats(directory),
    // limit 0: none
    pids: { current: readNumber(`${directory}/pids.current`), limit: readNumber(`${directory}/pids.max`) },
    io: parseIoStat(readControl(`${directory}/io.stat`) ?? ''),
  };
}
