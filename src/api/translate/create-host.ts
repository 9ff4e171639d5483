/** HostConfig of a create request, and the limits that update shares with it. */

import type { DeviceRate, HostConfig, Resources, RestartPolicy } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { Fields } from './fields.ts';
import { parseMount } from './mount.ts';
import { parsePortBindings } from './ports.ts';

const rate = (device: Fields): DeviceRate => ({ path: device.text('Path'), rate: device.integer('Rate') });

export function parseResources(host: Fields): Resources {
  return {
    cpuShares: host.integer('CpuShares'),
    memory: host.integer('Memory'),
    nanoCpus: host.integer('NanoCpus'),
    cgroupParent: host.text('CgroupParent'),
    blkioWeight: host.integer('BlkioWeight'),
    blkioWeightDevice: host.list('BlkioWeightDevice', (device) => ({
      path: device.text('Path'),
      weight: device.integer('Weight'),
    })),
    blkioDeviceReadBps: host.list('BlkioDeviceReadBps', rate),
    blkioDeviceWriteBps: host.list('BlkioDeviceWriteBps', rate),
    blkioDeviceReadIops: host.list('BlkioDeviceReadIOps', rate),
    blkioDeviceWriteIops: host.list('BlkioDeviceWriteIOps', rate),
    cpuPeriod: host.integer('CpuPeriod'),
    cpuQuota: host.integer('CpuQuota'),
    cpuRealtimePeriod: host.integer('CpuRealtimePeriod'),
    cpuRealtimeRuntime: host.integer('CpuRealtimeRuntime'),
    cpusetCpus: host.text('CpusetCpus'),
    cpusetMems: host.text('CpusetMems'),
    devices: host.list('Devices', (device) => ({
      pathOnHost: device.text('PathOnHost'),
      pathInContainer: device.text('PathInContainer'),
      permissions: device.text('CgroupPermissions'),
    })),
    deviceCgroupRules: host.texts('DeviceCgroupRules'),
    deviceRequests: host.items('DeviceRequests'),
    memoryReservation: host.integer('MemoryReservation'),
    memorySwap: host.integer('MemorySwap'),
    memorySwappiness: swappiness(host.integerOrNull('MemorySwappiness')),
    oomKillDisable: host.booleanOrNull('OomKillDisable'),
    pidsLimit: host.integerOrNull('PidsLimit'),
    ulimits: host.list('Ulimits', (limit) => ({
      name: limit.text('Name'),
      soft: limit.integer('Soft'),
      hard: limit.integer('Hard'),
    })),
  };
}

/** The docker CLI says -1 for "not given". */
const swappiness = (value: number | null): number | null => (value === -1 ? null : value);

export function parseRestartPolicy(policy: Fields | null): RestartPolicy {
  return {
    // Any other name is refused by the container's validation, which knows the text.
    name: (policy?.text('Name') || 'no') as RestartPolicy['name'],
    maximumRetryCount: policy?.integer('MaximumRetryCount') ?? 0,
  };
}

function consoleSize(host: Fields): [number, number] {
  const [rows = 0, columns = 0] = host.items('ConsoleSize').map(Number);
  return [rows, columns];
}

export function parseHostConfig(host: Fields, version: number): HostConfig {
  const log = host.object('LogConfig');
  const isolation = host.text('Isolation');
  if (!['', 'default'].includes(isolation.toLowerCase()))
    throw invalid(`Invalid isolation: ${JSON.stringify(isolation)} - linux only supports 'default'`);
  return {
    ...parseResources(host),
    binds: host.texts('Binds'),
    mounts: host.list('Mounts', (mount) => parseMount(mount, version)),
    containerIdFile: host.text('ContainerIDFile'),
    logConfig: { type: log?.text('Type') ?? '', config: log?.textMap('Config') ?? {} },
    networkMode: host.text('NetworkMode'),
    portBindings: parsePortBindings(host),
    publishAllPorts: host.boolean('PublishAllPorts'),
    restartPolicy: parseRestartPolicy(host.object('RestartPolicy')),
    autoRemove: host.boolean('AutoRemove'),
    volumeDriver: host.text('VolumeDriver'),
    volumesFrom: host.texts('VolumesFrom'),
    // Ignored before 1.42, when only Windows had it.
    consoleSize: version < 42 ? [0, 0] : consoleSize(host),
    annotations: version < 43 ? {} : host.textMap('Annotations'),
    capAdd: host.words('CapAdd') ?? [],
    capDrop: host.words('CapDrop') ?? [],
    cgroupnsMode: host.text('CgroupnsMode') || (version < 41 ? 'host' : ''),
    dns: host.texts('Dns'),
    dnsOptions: host.texts('DnsOptions'),
    dnsSearch: host.texts('DnsSearch'),
    extraHosts: host.texts('ExtraHosts'),
    groupAdd: host.texts('GroupAdd'),
    ipcMode: host.text('IpcMode') || (version < 40 ? 'shareable' : ''),
    links: host.texts('Links'),
    oomScoreAdj: host.integer('OomScoreAdj'),
    pidMode: host.text('PidMode'),
    privileged: host.boolean('Privileged'),
    readonlyRootfs: host.boolean('ReadonlyRootfs'),
    securityOpt: host.texts('SecurityOpt'),
    storageOpt: host.textMap('StorageOpt'),
    tmpfs: host.textMap('Tmpfs'),
    utsMode: host.text('UTSMode'),
    usernsMode: host.text('UsernsMode'),
    shmSize: host.integer('ShmSize'),
    sysctls: host.textMap('Sysctls'),
    runtime: host.text('Runtime'),
    init: host.booleanOrNull('Init'),
    maskedPaths: host.textsOrNull('MaskedPaths'),
    readonlyPaths: host.textsOrNull('ReadonlyPaths'),
  };
}
