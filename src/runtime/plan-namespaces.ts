/** Namespaces of the spec as flags of clone3(2) and as setns(2) calls. */
import { CLONE } from '../linux/flags.ts';
import type { Operation } from '../linux/operations.ts';
import type { IdMapping, Linux, LinuxNamespace, NamespaceType } from '../oci/runtime.ts';

export const namespaceFlags: Readonly<Record<NamespaceType, number>> = {
  mount: CLONE.NEWNS,
  pid: CLONE.NEWPID,
  network: CLONE.NEWNET,
  uts: CLONE.NEWUTS,
  ipc: CLONE.NEWIPC,
  user: CLONE.NEWUSER,
  cgroup: CLONE.NEWCGROUP,
  time: CLONE.NEWTIME,
};

export interface NamespacePlan {
  /** Before the clone, in the shim: a pid namespace can only be entered by the children of who enters it. */
  before: Operation[];
  cloneFlags: number;
  /** After the clone, in the shim: its later children (exec) must not be born in the joined pid namespace. */
  after: Operation[];
  /** First thing in the child. */
  inside: Operation[];
  /** A new cgroup namespace, unshared once the child is in its cgroup: the namespace's root is where its maker is. */
  cgroup: boolean;
  /** A new user namespace: the child does nothing until its maps are written. */
  user: boolean;
}

const has = (list: readonly LinuxNamespace[], type: NamespaceType) =>
  list.some((namespace) => namespace.type === type && !namespace.path);

/** Offsets can only be set for a time namespace in which nobody lives yet (time_namespaces(7)). */
function timeOffsets({ timeOffsets: offsets = {} }: Linux): Operation[] {
  const lines = Object.entries(offsets).map(
    ([clock, { secs = 0, nanosecs = 0 }]) => `${clock} ${secs} ${nanosecs}\n`,
  );
  if (lines.length === 0) return [];
  return [
    { op: 'unshare', side: 'host', flags: CLONE.NEWTIME },
    { op: 'write', side: 'host', path: '/proc/self/timens_offsets', data: lines.join('') },
  ];
}

const mapText = (maps: readonly IdMapping[]) =>
  maps.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');

function idMaps(linux: Linux): Operation[] {
  return [
    { op: 'write-proc', side: 'host', name: 'uid_map', data: mapText(linux.uidMappings ?? []) },
    { op: 'write-proc', side: 'host', name: 'gid_map', data: mapText(linux.gidMappings ?? []) },
  ];
}

export function planNamespaces(linux: Linux): NamespacePlan {
  const namespaces = linux.namespaces ?? [];
  const joined = namespaces.flatMap(({ type, path }) => (path ? [{ type, path }] : []));
  const pid = joined.find(({ type }) => type === 'pid');
  const setns = (side: 'host' | 'inside', path: string, nstype: number): Operation => ({
    op: 'setns',
    side,
    path,
    nstype,
  });
  const offsets = has(namespaces, 'time') ? timeOffsets(linux) : [];
  const cloneFlags = namespaces
    .filter(({ type, path }) => !path && type !== 'cgroup' && !(type === 'time' && offsets.length > 0))
    .reduce((flags, { type }) => flags | namespaceFlags[type], 0);
  // The user namespace first: it decides whether the others may be entered.
  const inside = joined
    .filter(({ type }) => type !== 'pid')
    .sort((a, b) => Number(b.type === 'user') - Number(a.type === 'user'));
  const user = has(namespaces, 'user');
  return {
    before: [...offsets, ...(pid ? [setns('host', pid.path, CLONE.NEWPID)] : [])],
    cloneFlags,
    after: [
      ...(user ? idMaps(linux) : []),
      ...(pid ? [setns('host', '/proc/self/ns/pid', CLONE.NEWPID)] : []),
    ],
    inside: inside.map(({ type, path }) => setns('inside', path, namespaceFlags[type])),
    cgroup: has(namespaces, 'cgroup'),
    user,
  };
}

/** Every namespace that is not the host's, for `join` (exec). */
export function joinFlags({ namespaces = [] }: Linux): number {
  return namespaces.reduce((flags, { type }) => flags | namespaceFlags[type], 0);
}
