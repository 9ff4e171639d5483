/** HostConfig back into Docker's JSON. */
import type { DeviceRate, HostConfig } from '../../containers/model.ts';
import type { HostConfig as HostConfigJson } from '../types/host-config.ts';
import { mountJson } from './mount.ts';
import { portBindingsJson } from './ports.ts';

const orNull = <T>(list: T[]): T[] | null => (list.length > 0 ? list : null);
const isEmpty = (record: object) => Object.keys(record).length === 0;
const rates = (devices: DeviceRate[]) => devices.map(({ path, rate }) => ({ Path: path, Rate: rate }));

/** The keys are in Docker's order: people read this. */
export function hostConfigJson(host: HostConfig): HostConfigJson {
  return {
    Binds: orNull(host.binds),
    ContainerIDFile: host.containerIdFile,
    LogConfig: { Type: host.logConfig.type, Config: host.logConfig.config },
    NetworkMode: host.networkMode,
    PortBindings: portBindingsJson(host.portBindings),
    RestartPolicy: {
      Name: host.restartPolicy.name,
      MaximumRetryCount: host.restartPolicy.maximumRetryCount,
    },
    AutoRemove: host.autoRemove,
    VolumeDriver: host.volumeDriver,
    VolumesFrom: orNull(host.volumesFrom),
    ConsoleSize: host.consoleSize,
    ...(!isEmpty(host.annotations) && { Annotations: host.annotations }),
    CapAdd: orNull(host.capAdd),
    CapDrop: orNull(host.capDrop),
    CgroupnsMode: host.cgroupnsMode,
    Dns: host.dns,
    DnsOptions: host.dnsOptions,
    DnsSearch: host.dnsSearch,
    ExtraHosts: orNull(host.extraHosts),
    GroupAdd: orNull(host.groupAdd),
    IpcMode: host.ipcMode,
    Cgroup: '',
    Links: orNull(host.links),
    OomScoreAdj: host.oomScoreAdj,
    PidMode: host.pidMode,
    Privileged: host.privileged,
    PublishAllPorts: host.publishAllPorts,
    ReadonlyRootfs: host.readonlyRootfs,
    SecurityOpt: orNull(host.securityOpt),
    ...(!isEmpty(host.storageOpt) && { StorageOpt: host.storageOpt }),
    ...(!isEmpty(host.tmpfs) && { Tmpfs: host.tmpfs }),
    UTSMode: host.utsMode,
    UsernsMode: host.usernsMode,
    ShmSize: host.shmSize,
    ...(!isEmpty(host.sysctls) && { Sysctls: host.sysctls }),
    Runtime: host.runtime,
    Isolation: '',
    ...resourcesJson(host),
    ...(host.mounts.length > 0 && { Mounts: host.mounts.map(mountJson) }),
    MaskedPaths: host.maskedPaths,
    ReadonlyPaths: host.readonlyPaths,
    ...(host.init !== null && { Init: host.init }),
  };
}

function resourcesJson(host: HostConfig) {
  return {
    CpuShares: host.cpuShares,
    Memory: host.memory,
    NanoCpus: host.nanoCpus,
    CgroupParent: host.cgroupParent,
    BlkioWeight: host.blkioWeight,
    BlkioWeightDevice: host.blkioWeightDevice.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates(host.blkioDeviceReadBps),
    BlkioDeviceWriteBps: rates(host.blkioDeviceWriteBps),
    BlkioDeviceReadIOps: rates(host.blkioDeviceReadIops),
    BlkioDeviceWriteIOps: rates(host.blkioDeviceWriteIops),
    CpuPeriod: host.cpuPeriod,
    CpuQuota: host.cpuQuota,
    CpuRealtimePeriod: host.cpuRealtimePeriod,
    CpuRealtimeRuntime: host.cpuRealtimeRuntime,
    CpusetCpus: host.cpusetCpus,
    CpusetMems: host.cpusetMems,
    Devices: host.devices.map(({ pathOnHost, pathInContainer, permissions }) => ({
      PathOnHost: pathOnHost,
      PathInContainer: pathInContainer,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: orNull(host.deviceCgroupRules),
    DeviceRequests: orNull(host.deviceRequests),
    MemoryReservation: host.memoryReservation,
    MemorySwap: host.memorySwap,
    MemorySwappiness: host.memorySwappiness,
    OomKillDisable: host.oomKillDisable,
    PidsLimit: host.pidsLimit,
    Ulimits: host.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}
