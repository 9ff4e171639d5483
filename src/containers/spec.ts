/**
 * A container as an OCI runtime spec: pure. What it must know of the machine and of other containers comes as `SpecFacts`
 * (gathered by facts.ts). Docker's defaults (moby daemon/oci_linux.go, oci/defaults.go) or stricter.
 */
import type { DeviceNode } from '../linux/devices.ts';
import type { LinuxNamespace, NamespaceType, Spec } from '../oci/runtime.ts';
import type { Container } from './model.ts';
import { specDevices } from './spec-devices.ts';
import { specMounts } from './spec-mounts.ts';
import { maskedPaths, readonlyPaths } from './spec-paths.ts';
import { specProcess } from './spec-process.ts';
import { specResources } from './spec-resources.ts';
import { parseSecurityOptions, specSeccomp } from './spec-security.ts';
import { specSysctls } from './spec-sysctls.ts';

/** What buildSpec cannot know from the container itself. */
export interface SpecFacts {
  /** Host directory on which the root gets mounted (spec.root.path). */
  rootPath: string;
  cgroupVersion: 1 | 2;
  /** What the daemon itself may hand on, in kernel names. Others are left out of the sets (here: CAP_SYS_RESOURCE). */
  capabilities: readonly string[];
  /** `uname -r`. */
  kernelVersion: string;
  /** Namespace types that the kernel has (entries of /proc/self/ns). */
  namespaces: ReadonlySet<NamespaceType>;
  /** Existing /sys/devices/system/cpu/cpuN/thermal_throttle directories. */
  thermalThrottle: readonly string[];
  /** mount_setattr with AT_RECURSIVE (kernel 5.12). */
  recursiveReadOnly: boolean;
  /** MOUNT_ATTR_IDMAP (kernel 5.12). Whether a file system has it too only a try can tell. */
  idMappedMounts: boolean;
  /** Running processes of the containers named by `container:X` modes. */
  joined: { network?: number; ipc?: number; pid?: number };
  /** Host directory with the tmpfs that is /dev/shm of this (`shareable`) or of the joined container. Absent: a tmpfs of its own. */
  sharedShm?: string;
  /** All devices of the host (only asked for with --privileged). */
  hostDevices: readonly DeviceNode[];
  /** Devices of --device, by path on the host: itself, or all in that directory. */
  devices: ReadonlyMap<string, readonly DeviceNode[]>;
  /** Numbers of the block devices named by the blkio options. */
  blockDevices: ReadonlyMap<string, { major: number; minor: number }>;
  /** Host path of gantry-init, bound at /sbin/docker-init with --init. */
  initPath: string;
  /** Whether containers that do not say get an init process. */
  initDefault: boolean;
}

export const ociVersion = '1.3.0';
const defaultCgroupParent = '/gantry';

/** Where the container's cgroups are: beneath --cgroup-parent, or /gantry. Never above the hierarchy's top. */
export function cgroupsPath(container: Container): string {
  const parent = (container.hostConfig.cgroupParent || defaultCgroupParent)
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return `/${[...parent, container.id].join('/')}`;
}

export const isHost = (mode: string) => mode === 'host';
export const isJoined = (mode: string) => mode.startsWith('container:');

/** cgroup namespaces are private on v2 and the host's on v1 unless the user says otherwise; privileged ones are the host's. */
function cgroupNamespacePrivate(container: Container, facts: SpecFacts): boolean {
  const { cgroupnsMode, privileged } = container.hostConfig;
  if (cgroupnsMode !== '') return cgroupnsMode === 'private';
  return facts.cgroupVersion === 2 && !privileged;
}

function specNamespaces(container: Container, facts: SpecFacts): LinuxNamespace[] {
  const { networkMode, ipcMode, pidMode, utsMode } = container.hostConfig;
  const { joined } = facts;
  const list: LinuxNamespace[] = [{ type: 'mount' }];
  const add = (type: NamespaceType, mode: string, pid: number | undefined, name: string) => {
    if (isHost(mode)) return;
    list.push(isJoined(mode) && pid !== undefined ? { type, path: `/proc/${pid}/ns/${name}` } : { type });
  };
  add('network', networkMode, joined.network, 'net');
  add('uts', utsMode, undefined, 'uts');
  add('pid', pidMode, joined.pid, 'pid');
  add('ipc', ipcMode, joined.ipc, 'ipc');
  if (cgroupNamespacePrivate(container, facts)) list.push({ type: 'cgroup' });
  list.push({ type: 'time' });
  return list.filter(({ type }) => facts.namespaces.has(type));
}

export function buildSpec(container: Container, facts: SpecFacts): Spec {
  const { config, hostConfig } = container;
  const security = parseSecurityOptions(hostConfig.securityOpt);
  const process = specProcess(container, facts, security.noNewPrivileges);
  const mounts = specMounts(container, facts, security);
  const devices = specDevices(hostConfig, facts);
  const seccomp = specSeccomp(security, hostConfig.privileged, process.capabilities?.bounding ?? [], facts);
  return {
    ociVersion,
    process,
    root: { path: facts.rootPath, readonly: hostConfig.readonlyRootfs },
    ...(isHost(hostConfig.utsMode) ? {} : { hostname: config.hostname, domainname: config.domainname }),
    mounts: mounts.mounts,
    annotations: hostConfig.annotations,
    linux: {
      sysctl: specSysctls(hostConfig),
      resources: { ...specResources(hostConfig, facts.blockDevices), devices: devices.rules },
      cgroupsPath: cgroupsPath(container),
      namespaces: specNamespaces(container, facts),
      devices: devices.nodes,
      rootfsPropagation: mounts.propagation,
      maskedPaths: maskedPaths(hostConfig, security, facts.thermalThrottle),
      readonlyPaths: readonlyPaths(hostConfig, security),
      ...(seccomp ? { seccomp } : {}),
    },
  };
}
