/** A container record and facts for tests of what is made of them. */
import type { ContainerId, Digest } from '../lib/ids.ts';
import { capabilityNames } from '../linux/capabilities.ts';
import { emptyRequest } from './empty-request.ts';
import type { Container, ContainerConfig, HostConfig } from './model.ts';
import type { SpecFacts } from './spec.ts';

export const containerId = 'c0ffee'.padEnd(64, '0') as ContainerId;

export function testContainer(
  argv: string[] = ['sh'],
  host: Partial<HostConfig> = {},
  config: Partial<ContainerConfig> = {},
): Container {
  const request = emptyRequest();
  const [path = '', ...args] = argv;
  return {
    id: containerId,
    name: 'test',
    created: 0,
    imageId: `sha256:${'0'.repeat(64)}` as Digest,
    path,
    args,
    config: { ...request.config, hostname: containerId.slice(0, 12), ...config },
    hostConfig: { ...request.hostConfig, ...host },
    mounts: [],
    state: { status: 'created' },
    restartCount: 0,
    stoppedByUser: false,
    health: null,
    endpoints: [],
    ports: [],
    driver: 'overlay2',
    platform: 'linux',
    files: { hostname: '', hosts: '', resolvConf: '', log: '' },
    execIds: [],
    warnings: [],
  };
}

export function testFacts(changes: Partial<SpecFacts> = {}): SpecFacts {
  return {
    rootPath: '/run/gantry/root',
    cgroupVersion: 1,
    capabilities: capabilityNames,
    kernelVersion: '6.18.0',
    namespaces: new Set(['mount', 'pid', 'network', 'uts', 'ipc', 'cgroup', 'time']),
    thermalThrottle: [],
    recursiveReadOnly: true,
    idMappedMounts: true,
    joined: {},
    hostDevices: [],
    devices: new Map(),
    blockDevices: new Map(),
    initPath: '/opt/gantry-init',
    initDefault: false,
    ...changes,
  };
}
