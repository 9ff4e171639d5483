/** Which cgroups this host has. */
import { unavailable } from '../../lib/errors.ts';
import { childGroups, readControl } from '../../linux/cgroupfs.ts';
import { type MountEntry, readMountinfo } from '../../linux/mountinfo.ts';
import type { Cgroups } from '../model.ts';
import { v1Hierarchies, v2Directory } from './hierarchies.ts';
import { CgroupsV1 } from './v1.ts';
import { CgroupsV2 } from './v2.ts';

/** v2 when the unified hierarchy is all there is, else v1 (hybrid). Once per process: keep the result. */
export function detectCgroups(mounts: readonly MountEntry[] = readMountinfo()): Cgroups {
  const directory = v2Directory(mounts);
  if (directory !== null) return new CgroupsV2({ directory, read: readControl, list: childGroups });
  const hierarchies = v1Hierarchies(mounts);
  if (hierarchies.length === 0) throw unavailable('no cgroup file system is mounted at /sys/fs/cgroup');
  return new CgroupsV1({ hierarchies, read: readControl });
}
