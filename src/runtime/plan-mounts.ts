/** The file system of a container: the root, spec.mounts, devices, masks. All `inside`. */
import { MOUNT_ATTR, MS } from '../linux/flags.ts';
import type { Operation } from '../linux/operations.ts';
import type { RootOperations } from '../linux/root-mount.ts';
import type { IdMapping, LinuxDevice, Mount, Spec } from '../oci/runtime.ts';
import { parseMountOptions } from './mount-options.ts';

const inside = 'inside';

/**
 * Cuts the new mount namespace off from the host's, then mounts the root in it: nobody else sees it, so nothing is left to
 * unmount. A `slave` root still gets what is mounted on the host later. So does a `shared` one, and what is bound as shared is
 * taken before: were all copies of the host's mounts still its peers, detaching the old root would unmount the host.
 */
export function planRoot(spec: Spec, { mount }: RootOperations, rootPath: string): Operation[] {
  const propagation = spec.linux?.rootfsPropagation ?? '';
  const type = /slave|shared/.test(propagation) ? MS.SLAVE : MS.PRIVATE;
  return [
    ...(spec.mounts ?? []).flatMap(planHold),
    { op: 'propagation', side: inside, path: '/', flags: type | MS.REC },
    mount,
    { op: 'root', side: inside, path: rootPath },
  ];
}

function planHold({ source = '', subpath, options = [] }: Mount): Operation[] {
  const { bind, recursive, propagation } = parseMountOptions(options);
  if (!bind || subpath !== undefined || (propagation & MS.SHARED) === 0) return [];
  return [{ op: 'hold-source', side: inside, source, nonRecursive: !recursive }];
}

function planBind(mount: Mount, target: string): Operation {
  const options = parseMountOptions(mount.options ?? []);
  return {
    op: 'bind',
    side: inside,
    source: mount.source ?? '',
    target,
    nonRecursive: !options.recursive,
    setAttr: options.setAttr,
    clearAttr: options.clearAttr,
    recursiveAttr: options.recursiveAttr,
    propagation: options.propagation,
    subpath: mount.subpath ?? '',
    uidMap: mapLines(mount.uidMappings),
    gidMap: mapLines(mount.gidMappings),
    owner: mount.owner ?? '',
  };
}

/** As /proc/pid/uid_map has it (user_namespaces(7)). */
const mapLines = (mappings: readonly IdMapping[] = []) =>
  mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');

/** mqueue is a file system of the ipc namespace and mounts plainly; the flags of all types come from their options. */
export function planMount(mount: Mount): Operation[] {
  const target = mount.destination;
  const options = parseMountOptions(mount.options ?? []);
  if (options.bind || mount.type === 'bind' || mount.type === 'none') return [planBind(mount, target)];
  const operations: Operation[] = [
    {
      op: 'mount',
      side: inside,
      source: mount.source ?? mount.type ?? 'none',
      target,
      fstype: mount.type ?? '',
      flags: options.flags,
      data: options.data,
      copyUp: options.copyUp,
    },
  ];
  return operations;
}

const isBeneath = (path: string, top: string) => path === top || path.startsWith(`${top}/`);

/** spec.mounts in two parts: those from the first cgroup mount's place on down come later, when the cgroup namespace is there. */
export function splitMounts(mounts: readonly Mount[]): { before: Mount[]; cgroup?: Mount; beneath: Mount[] } {
  const cgroup = mounts.find(({ type }) => type === 'cgroup' || type === 'cgroup2');
  if (!cgroup) return { before: [...mounts], beneath: [] };
  const others = mounts.filter((mount) => mount !== cgroup);
  const top = cgroup.destination;
  return {
    before: others.filter(({ destination }) => !isBeneath(destination, top)),
    cgroup,
    beneath: others.filter(({ destination }) => isBeneath(destination, top)),
  };
}

const standardDevices: readonly LinuxDevice[] = [
  ['/dev/null', 1, 3] as const,
  ['/dev/zero', 1, 5] as const,
  ['/dev/full', 1, 7] as const,
  ['/dev/random', 1, 8] as const,
  ['/dev/urandom', 1, 9] as const,
  ['/dev/tty', 5, 0] as const,
].map(([path, major, minor]) => ({ type: 'c', path, major, minor, fileMode: 0o666, uid: 0, gid: 0 }));

/** A user namespace may not make nodes: there the host's own are bound. */
function planDevice(device: LinuxDevice, userNamespace: boolean): Operation {
  if (userNamespace)
    return {
      op: 'bind',
      side: inside,
      source: device.path,
      target: device.path,
      nonRecursive: true,
      setAttr: 0,
      clearAttr: 0,
      recursiveAttr: false,
      propagation: 0,
      subpath: '',
      uidMap: '',
      gidMap: '',
      owner: '',
    };
  return {
    op: 'mknod',
    side: inside,
    target: device.path,
    type: device.type === 'b' ? 'b' : device.type === 'p' ? 'p' : 'c',
    major: device.major ?? 0,
    minor: device.minor ?? 0,
    mode: device.fileMode ?? 0o666,
    uid: device.uid ?? 0,
    gid: device.gid ?? 0,
  };
}

/** The links that the OCI spec (config-linux.md, Dev symbolic links) wants, and Docker's /dev/core. */
const links: readonly [target: string, to: string][] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/ptmx', 'pts/ptmx'],
  ['/dev/core', '/proc/kcore'],
];

/** Nodes and links in /dev, unless the user brought a /dev of their own. */
export function planDev(spec: Spec, userNamespace: boolean): Operation[] {
  const foreign = spec.mounts?.some(({ destination, type }) => destination === '/dev' && type === 'bind');
  if (foreign) return [];
  const devices = new Map(
    [...standardDevices, ...(spec.linux?.devices ?? [])].map((device) => [device.path, device]),
  );
  // The container's own devpts and console are made by their mounts and by the `console` operation.
  for (const path of ['/dev/ptmx', '/dev/console', '/dev/pts/ptmx']) devices.delete(path);
  return [
    ...[...devices.values()].map((device) => planDevice(device, userNamespace)),
    ...links.map(([target, to]): Operation => ({ op: 'symlink', side: inside, target, to })),
  ];
}

export function planPaths({ linux }: Spec): Operation[] {
  return [
    ...(linux?.readonlyPaths ?? []).map((target): Operation => ({ op: 'readonly', side: inside, target })),
    ...(linux?.maskedPaths ?? []).map((target): Operation => ({ op: 'mask', side: inside, target })),
  ];
}

/** Last, because mount points are still made until then. Submounts (volumes, /dev) keep their own setting. */
export const readonlyRoot: Operation = {
  op: 'mount-attr',
  side: inside,
  target: '/',
  setAttr: MOUNT_ATTR.RDONLY,
  clearAttr: 0,
  recursive: false,
};

export const planReadonlyRoot = ({ root }: Spec): Operation[] => (root?.readonly ? [readonlyRoot] : []);
