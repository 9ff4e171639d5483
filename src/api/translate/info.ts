/** `GET /info`: everything that `docker info` prints. */
import type { Info } from '../../engine/model.ts';
import type { Facts } from '../backends.ts';
import type { SystemInfo } from '../types/system.ts';
import { rfc3339 } from './time.ts';

type RegistryConfig = SystemInfo['RegistryConfig'];

export interface Host {
  ipForwarding: boolean;
  openFiles: number;
  listeners: number;
  now: number;
}

export function infoJson(info: Info, facts: Facts, host: Host, version: number): SystemInfo {
  const { running, paused, stopped } = info.containers;
  const can = (controller: string) => info.cgroupControllers.includes(controller);
  return {
    ID: info.id,
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: info.images,
    Driver: info.driver,
    DriverStatus: info.driverStatus,
    Plugins: {
      Volume: info.volumeDrivers,
      Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null'],
      Authorization: null,
      Log: ['json-file', 'none'],
    },
    MemoryLimit: can('memory'),
    SwapLimit: can('memory'),
    CpuCfsPeriod: can('cpu'),
    CpuCfsQuota: can('cpu'),
    CPUShares: can('cpu'),
    CPUSet: can('cpuset'),
    PidsLimit: can('pids'),
    IPv4Forwarding: host.ipForwarding,
    OomKillDisable: info.cgroupVersion === 1,
    Debug: false,
    NFd: host.openFiles,
    NGoroutines: 1,
    SystemTime: rfc3339(host.now),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: String(info.cgroupVersion),
    NEventsListener: host.listeners,
    KernelVersion: info.kernelVersion,
    OperatingSystem: info.operatingSystem,
    OSVersion: info.osVersion,
    OSType: 'linux',
    Architecture: info.architecture,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfig(info.registries, version),
    NCPU: info.cpus,
    MemTotal: info.memory,
    GenericResources: null,
    DockerRootDir: info.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: info.name,
    Labels: info.labels,
    ExperimentalBuild: false,
    ServerVersion: facts.version,
    Runtimes: { gantry: { path: 'gantry-runtime' } },
    DefaultRuntime: 'gantry',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    // Containers outlive the daemon: there is no other mode.
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'gantry-init',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: info.initVersion || facts.version },
    SecurityOptions: info.securityOptions,
    CDISpecDirs: [],
    Warnings: info.warnings.length > 0 ? info.warnings : null,
  };
}

function registryConfig({ insecure, mirrors }: Info['registries'], version: number): RegistryConfig {
  const isRange = (entry: string) => entry.includes('/');
  const urls = mirrors.map((mirror) => `${mirror.replace(/\/$/, '')}/`);
  const hosts = insecure.filter((entry) => !isRange(entry));
  const hub = { Name: 'docker.io', Mirrors: urls, Secure: !hosts.includes('docker.io'), Official: true };
  return {
    ...(version < 49 && {
      AllowNondistributableArtifactsCIDRs: [],
      AllowNondistributableArtifactsHostnames: [],
    }),
    // Loopback always may be asked without TLS.
    InsecureRegistryCIDRs: [...new Set([...insecure.filter(isRange), '::1/128', '127.0.0.0/8'])],
    IndexConfigs: {
      ...Object.fromEntries(
        hosts.map((host) => [host, { Name: host, Mirrors: [], Secure: false, Official: false }]),
      ),
      'docker.io': hub,
    },
    Mirrors: urls,
  };
}
