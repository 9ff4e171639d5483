/** `GET /containers/{id}/json`. */
import type { Container, ContainerConfig, HealthCheck, MountPoint } from '../../containers/model.ts';
import { shortId } from '../../lib/ids.ts';
import type { HealthConfig } from '../types/common.ts';
import type {
  ContainerConfig as ConfigJson,
  ContainerInspect,
  MountPoint as MountPointJson,
  NetworkSettings,
} from '../types/containers.ts';
import { endpointJson } from './endpoint.ts';
import { isUserDefined } from './endpoint-request.ts';
import { hostConfigJson } from './host-config.ts';
import { portMap } from './ports.ts';
import { stateJson } from './state.ts';
import { rfc3339 } from './time.ts';

export interface Sizes {
  writable: number;
  root: number;
}

export function inspectJson(container: Container, version: number, sizes: Sizes | null): ContainerInspect {
  return {
    Id: container.id,
    Created: rfc3339(container.created),
    Path: container.path,
    Args: container.args,
    State: stateJson(container),
    Image: container.imageId,
    ResolvConfPath: container.files.resolvConf,
    HostnamePath: container.files.hostname,
    HostsPath: container.files.hosts,
    LogPath: container.hostConfig.logConfig.type === 'json-file' ? container.files.log : '',
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: container.driver,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: container.execIds.length > 0 ? container.execIds : null,
    HostConfig: hostConfigJson(container.hostConfig),
    GraphDriver: { Name: container.driver, Data: null },
    ...(sizes && { SizeRw: sizes.writable, SizeRootFs: sizes.root }),
    Mounts: container.mounts.map(mountPointJson),
    Config: configJson(container, version),
    NetworkSettings: networkSettingsJson(container, version),
  };
}

export function mountPointJson(mount: MountPoint): MountPointJson {
  return {
    Type: mount.type,
    ...(mount.name && { Name: mount.name }),
    Source: mount.source,
    Destination: mount.destination,
    ...(mount.driver && { Driver: mount.driver }),
    Mode: mount.mode,
    RW: mount.readWrite,
    Propagation: mount.propagation,
  };
}

export function healthConfigJson(check: HealthCheck): HealthConfig {
  return {
    Test: check.test,
    ...(check.interval && { Interval: check.interval }),
    ...(check.timeout && { Timeout: check.timeout }),
    ...(check.startPeriod && { StartPeriod: check.startPeriod }),
    ...(check.startInterval && { StartInterval: check.startInterval }),
    ...(check.retries && { Retries: check.retries }),
  };
}

const keySet = (keys: readonly string[]): Record<string, object> =>
  Object.fromEntries(keys.map((key) => [key, {}]));

function configJson({ id, config }: Container, version: number): ConfigJson {
  return {
    Hostname: config.hostname || (config.networkDisabled ? '' : id.slice(0, 12)),
    Domainname: config.domainname,
    User: config.user,
    AttachStdin: config.attachStdin,
    AttachStdout: config.attachStdout,
    AttachStderr: config.attachStderr,
    ...(config.exposedPorts.length > 0 && { ExposedPorts: keySet(config.exposedPorts) }),
    Tty: config.tty,
    OpenStdin: config.openStdin,
    StdinOnce: config.stdinOnce,
    Env: config.env,
    Cmd: config.cmd,
    ...(config.healthcheck && { Healthcheck: healthConfigJson(config.healthcheck) }),
    Image: config.image,
    Volumes: config.volumes.length > 0 ? keySet(config.volumes) : null,
    WorkingDir: config.workingDir,
    Entrypoint: config.entrypoint,
    ...optionalConfig(config, version),
  };
}

function optionalConfig(config: ContainerConfig, version: number) {
  return {
    ...(config.networkDisabled && { NetworkDisabled: true }),
    ...(version < 44 && config.macAddress && { MacAddress: config.macAddress }),
    OnBuild: config.onBuild,
    Labels: config.labels,
    ...(config.stopSignal && { StopSignal: config.stopSignal }),
    ...(config.stopTimeout !== null && { StopTimeout: config.stopTimeout }),
    ...(config.shell && { Shell: config.shell }),
  };
}

function networkSettingsJson(container: Container, version: number): NetworkSettings {
  const { state } = container;
  const pid = state.status === 'running' || state.status === 'paused' ? state.process.pid : null;
  const live = pid !== null;
  const networks = Object.fromEntries(
    container.endpoints.map((endpoint) => {
      const json = endpointJson(endpoint, live);
      if (version < 45 && isUserDefined(endpoint.networkName))
        json.Aliases = legacyAliases(container, json.Aliases ?? []);
      return [endpoint.networkName, json];
    }),
  );
  const settings: NetworkSettings = {
    SandboxID: live ? container.id : '',
    // The namespace itself: tools open this path.
    SandboxKey: live ? `/proc/${pid}/ns/net` : '',
    Ports: live ? portMap(container) : {},
    Networks: networks,
  };
  return version < 52 ? { ...legacySettings(networks), ...settings } : settings;
}

/** Until 1.44 names that everyone has were aliases too. */
function legacyAliases({ id, config }: Container, aliases: readonly string[]): string[] {
  const hostname = config.hostname || shortId(id);
  return [...new Set([...aliases, shortId(id), hostname])];
}

/** Until 1.51 the place on the default bridge was repeated at the top. */
function legacySettings(networks: NetworkSettings['Networks']) {
  const { bridge } = networks;
  return {
    Bridge: '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.EndpointID ?? '',
    Gateway: bridge?.Gateway ?? '',
    GlobalIPv6Address: bridge?.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: bridge?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: bridge?.IPAddress ?? '',
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
    IPv6Gateway: bridge?.IPv6Gateway ?? '',
    MacAddress: bridge?.MacAddress ?? '',
  };
}
