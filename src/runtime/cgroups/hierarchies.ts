/** Where the cgroup file systems of this host are. */
import { basename } from 'node:path';
import type { MountEntry } from '../../linux/mountinfo.ts';

/** One mounted v1 hierarchy: several controllers may share it (cpu,cpuacct); name=systemd has none. */
export interface Hierarchy {
  /** Mount point: /sys/fs/cgroup/memory. */
  directory: string;
  /** "memory", "cpu,cpuacct", "systemd": how it is called below /sys/fs/cgroup. */
  label: string;
  controllers: string[];
  /** mount(2) data that mounts the same hierarchy again: "memory", "none,name=systemd". */
  data: string;
}

const known: ReadonlySet<string> = new Set([
  'blkio',
  'cpu',
  'cpuacct',
  'cpuset',
  'devices',
  'freezer',
  'hugetlb',
  'memory',
  'misc',
  'net_cls',
  'net_prio',
  'perf_event',
  'pids',
  'rdma',
]);

function hierarchyOf(mount: MountEntry): Hierarchy {
  const controllers = mount.superOptions.filter((option) => known.has(option));
  const name = mount.superOptions.find((option) => option.startsWith('name='));
  return {
    directory: mount.mountPoint,
    label: basename(mount.mountPoint),
    controllers,
    data: name && controllers.length === 0 ? `none,${name}` : controllers.join(','),
  };
}

/** v1 hierarchies with a controller or name=systemd, each once (the first mount of it). */
export function v1Hierarchies(mounts: readonly MountEntry[]): Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const mount of mounts.filter(({ fstype }) => fstype === 'cgroup')) {
    const hierarchy = hierarchyOf(mount);
    const usable = hierarchy.controllers.length > 0 || hierarchy.data === 'none,name=systemd';
    if (usable && !found.has(hierarchy.data)) found.set(hierarchy.data, hierarchy);
  }
  return [...found.values()];
}

/** The unified hierarchy when it is all there is (not the empty one of a hybrid set-up). */
export function v2Directory(mounts: readonly MountEntry[]): string | null {
  if (v1Hierarchies(mounts).some(({ controllers }) => controllers.length > 0)) return null;
  return mounts.find(({ fstype }) => fstype === 'cgroup2')?.mountPoint ?? null;
}
