/** Gathers what buildSpec must know of the machine: the impure half. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { invalid } from '../lib/errors.ts';
import { availableCapabilities } from '../linux/capabilities.ts';
import { blockDevice, type DeviceNode, deviceAt, devicesBeneath } from '../linux/devices.ts';
import { errnoText, isErrno } from '../linux/errno.ts';
import { kernelAtLeast, kernelVersion } from '../linux/host.ts';
import { readMountinfo } from '../linux/mountinfo.ts';
import type { NamespaceType } from '../oci/runtime.ts';
import type { Cgroups } from '../runtime/model.ts';
import type { Container, DeviceMapping, Resources } from './model.ts';
import type { SpecFacts } from './spec.ts';
import { checkPropagation } from './spec-propagation.ts';
import { blockDevicePaths } from './spec-resources.ts';

/** Facts that stay true while the daemon runs. */
export type HostFacts = Pick<
  SpecFacts,
  'capabilities' | 'kernelVersion' | 'namespaces' | 'thermalThrottle' | 'recursiveReadOnly' | 'idMappedMounts'
>;

const namespaceFiles: Readonly<Record<NamespaceType, string>> = {
  mount: 'mnt',
  pid: 'pid',
  network: 'net',
  uts: 'uts',
  ipc: 'ipc',
  user: 'user',
  cgroup: 'cgroup',
  time: 'time',
};

function existingNamespaces(): Set<NamespaceType> {
  const types = Object.entries(namespaceFiles) as [NamespaceType, string][];
  return new Set(types.filter(([, file]) => existsSync(`/proc/self/ns/${file}`)).map(([type]) => type));
}

function thermalThrottle(): string[] {
  const directory = '/sys/devices/system/cpu';
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => `${directory}/${name}/thermal_throttle`)
    .filter((path) => existsSync(path));
}

let cached: HostFacts | undefined;

export function hostFacts(): HostFacts {
  cached ??= {
    capabilities: availableCapabilities(),
    kernelVersion: kernelVersion(),
    namespaces: existingNamespaces(),
    thermalThrottle: thermalThrottle(),
    recursiveReadOnly: kernelAtLeast('5.12'),
    idMappedMounts: kernelAtLeast('5.12'),
  };
  return cached;
}

/** The device that --device names, or all devices of the directory that it names. Docker's texts. */
function nodesOf({ pathOnHost }: DeviceMapping): DeviceNode[] {
  const refuse = (why: string) =>
    invalid(`error gathering device information while adding custom device "${pathOnHost}": ${why}`);
  try {
    const node = deviceAt(pathOnHost);
    if (node) return [node];
    if (statSync(pathOnHost).isDirectory()) return devicesBeneath(pathOnHost.replace(/\/+$/, ''));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw refuse(errnoText(2));
    throw error;
  }
  throw refuse('not a device node');
}

/** Numbers of the block devices that blkio limits name; throws Docker's text for a path that is none. For `create` and `update`. */
export function resolveBlockDevices(resources: Resources): Map<string, { major: number; minor: number }> {
  return new Map(
    blockDevicePaths(resources).map((path) => {
      const numbers = blockDevice(path);
      if (!numbers) throw invalid(`stat ${path}: no such file or directory`);
      return [path, numbers];
    }),
  );
}

export function gatherFacts(
  container: Container,
  given: {
    cgroups: Pick<Cgroups, 'version'>;
    rootPath: string;
    joined: SpecFacts['joined'];
    initPath: string;
    initDefault?: boolean;
    sharedShm?: string;
  },
): SpecFacts {
  const { hostConfig } = container;
  checkPropagation(container.mounts, readMountinfo, realpathSync);
  const devices = hostConfig.privileged ? [] : hostConfig.devices;
  return {
    ...hostFacts(),
    rootPath: given.rootPath,
    cgroupVersion: given.cgroups.version,
    joined: given.joined,
    ...(given.sharedShm === undefined ? {} : { sharedShm: given.sharedShm }),
    hostDevices: hostConfig.privileged ? devicesBeneath('/dev') : [],
    devices: new Map(devices.map((mapping) => [mapping.pathOnHost, nodesOf(mapping)])),
    blockDevices: resolveBlockDevices(hostConfig),
    initPath: given.initPath,
    initDefault: given.initDefault ?? false,
  };
}
