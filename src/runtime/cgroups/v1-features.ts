/** Which limits the v1 controllers of this host know: the files that they show at the top of their hierarchies. */
import { hasControl } from '../../linux/cgroupfs.ts';
import type { Features } from './warnings.ts';

/** `top` is the directory of a controller's hierarchy, null without one. */
export function probeFeatures(top: (controller: string) => string | null): Features {
  const has = (controller: string, file: string) => {
    const directory = top(controller);
    return directory !== null && hasControl(`${directory}/${file}`);
  };
  // The weights of BFQ are only in groups, its statistics also at the top.
  const bfq = has('blkio', 'blkio.bfq.io_service_bytes');
  return {
    memory: top('memory') !== null,
    swap: has('memory', 'memory.memsw.limit_in_bytes'),
    reservation: has('memory', 'memory.soft_limit_in_bytes'),
    swappiness: has('memory', 'memory.swappiness'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuQuota: has('cpu', 'cpu.cfs_quota_us'),
    cpuset: top('cpuset') !== null,
    pids: top('pids') !== null,
    ioWeight: has('blkio', 'blkio.weight') || bfq,
    ioWeightDevice: has('blkio', 'blkio.weight_device') || bfq,
    ioThrottle: has('blkio', 'blkio.throttle.read_bps_device'),
  };
}
