/** The body of `POST /containers/create` from the options of `run` and `create`. Only what differs from Docker's defaults is sent. */
import type { HealthConfig } from '../../api/types/common.ts';
import type { ContainerConfig, ContainerCreateBody } from '../../api/types/containers.ts';
import type { HostConfig, Resources } from '../../api/types/host-config.ts';
import type { FlagValues } from '../flags/parse.ts';
import { parseDevice } from './devices.ts';
import { pairsToMap, readEnvironment, readLabels } from './files.ts';
import { parseMount } from './mounts.ts';
import { parseNetworks } from './networks.ts';
import { parsePorts } from './ports.ts';
import { commonResources } from './resources.ts';
import { parseRestartPolicy } from './restart.ts';
import { parseSecurity } from './security.ts';
import {
  checkMac,
  parseThrottleBytes,
  parseThrottleOperations,
  parseUlimit,
  parseWeightDevice,
} from './validators.ts';
import { parseVolumes } from './volumes.ts';

type Draft<T> = { -readonly [Key in keyof T]?: T[Key] };

/** Throws an Error with Docker's text when options contradict each other or cannot be read. */
export async function createBody(
  flags: FlagValues,
  image: string,
  command: readonly string[],
): Promise<ContainerCreateBody> {
  if (flags.string('mac-address')) checkMac(flags.string('mac-address'));
  const volumes = parseVolumes(flags.list('volume'));
  const ports = parsePorts(flags.list('publish'), flags.list('expose'));
  const [config, host] = await Promise.all([containerConfig(flags, image, command), hostConfig(flags)]);
  if (!isEmpty(volumes.anonymous)) config.Volumes = volumes.anonymous;
  if (!isEmpty(ports.exposed)) config.ExposedPorts = ports.exposed;
  if (!isEmpty(ports.bindings)) host.PortBindings = ports.bindings;
  if (volumes.binds.length > 0) host.Binds = volumes.binds;
  const network = parseNetworks(flags);
  host.NetworkMode = network.mode;
  const body: ContainerCreateBody = { ...config, HostConfig: host };
  if (!isEmpty(network.endpoints)) body.NetworkingConfig = { EndpointsConfig: network.endpoints };
  return body;
}

async function containerConfig(
  flags: FlagValues,
  image: string,
  command: readonly string[],
): Promise<Draft<ContainerConfig>> {
  const attach = flags.list('attach');
  const open = flags.bool('interactive');
  const config: Draft<ContainerConfig> = {
    Image: image,
    AttachStdin: open || attach.includes('stdin'),
    AttachStdout: attach.length === 0 || attach.includes('stdout'),
    AttachStderr: attach.length === 0 || attach.includes('stderr'),
    Tty: flags.bool('tty'),
    OpenStdin: open,
    StdinOnce: open,
  };
  if (command.length > 0) config.Cmd = [...command];
  const env = await readEnvironment(flags.list('env-file'), flags.list('env'));
  if (env.length > 0) config.Env = env;
  const labels = await readLabels(flags.list('label-file'), flags.list('label'));
  if (!isEmpty(labels)) config.Labels = labels;
  if (flags.changed('entrypoint')) config.Entrypoint = [flags.string('entrypoint')];
  setTexts(config, flags, [
    ['hostname', 'Hostname'],
    ['domainname', 'Domainname'],
    ['user', 'User'],
    ['workdir', 'WorkingDir'],
    ['stop-signal', 'StopSignal'],
  ]);
  if (flags.changed('stop-timeout')) config.StopTimeout = flags.integer('stop-timeout');
  const health = healthConfig(flags);
  if (health) config.Healthcheck = health;
  return config;
}

async function hostConfig(flags: FlagValues): Promise<Draft<HostConfig>> {
  const host: Draft<HostConfig> = resources(flags);
  checkModes(flags);
  setLists(host, flags, [
    ['add-host', 'ExtraHosts'],
    ['dns', 'Dns'],
    ['dns-option', 'DnsOptions'],
    ['dns-search', 'DnsSearch'],
    ['group-add', 'GroupAdd'],
    ['link', 'Links'],
    ['volumes-from', 'VolumesFrom'],
  ]);
  setTexts(host, flags, [
    ['cgroupns', 'CgroupnsMode'],
    ['cidfile', 'ContainerIDFile'],
    ['ipc', 'IpcMode'],
    ['isolation', 'Isolation'],
    ['pid', 'PidMode'],
    ['runtime', 'Runtime'],
    ['userns', 'UsernsMode'],
    ['uts', 'UTSMode'],
    ['volume-driver', 'VolumeDriver'],
  ]);
  if (flags.changed('cap-add')) host.CapAdd = capabilities(flags.list('cap-add'));
  if (flags.changed('cap-drop')) host.CapDrop = capabilities(flags.list('cap-drop'));
  setMaps(host, flags);
  if (flags.bool('rm')) host.AutoRemove = true;
  if (flags.bool('privileged')) host.Privileged = true;
  if (flags.bool('publish-all')) host.PublishAllPorts = true;
  if (flags.bool('read-only')) host.ReadonlyRootfs = true;
  if (flags.changed('init')) host.Init = flags.bool('init');
  if (flags.changed('oom-score-adj')) host.OomScoreAdj = flags.integer('oom-score-adj');
  if (flags.changed('shm-size')) host.ShmSize = flags.bytes('shm-size');
  const mounts = flags.list('mount').map(parseMount);
  if (mounts.length > 0) host.Mounts = mounts;
  setRestart(host, flags);
  setLogging(host, flags);
  await setSecurity(host, flags);
  return host;
}

function resources(flags: FlagValues): Draft<Resources> {
  const found = commonResources(flags);
  if (flags.string('cgroup-parent')) found.CgroupParent = flags.string('cgroup-parent');
  const swappiness = flags.integer('memory-swappiness');
  if (swappiness !== -1) {
    if (swappiness < 0 || swappiness > 100)
      throw new Error(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
    found.MemorySwappiness = swappiness;
  }
  if (flags.bool('oom-kill-disable')) found.OomKillDisable = true;
  const devices = flags.list('device').flatMap(parseDevice);
  if (devices.length > 0) found.Devices = devices;
  const set = <T>(flag: string, parse: (value: string) => T, store: (values: T[]) => void) => {
    const values = flags.list(flag);
    if (values.length > 0) store(values.map(parse));
  };
  set('blkio-weight-device', parseWeightDevice, (values) => {
    found.BlkioWeightDevice = values;
  });
  set('device-read-bps', parseThrottleBytes, (values) => {
    found.BlkioDeviceReadBps = values;
  });
  set('device-write-bps', parseThrottleBytes, (values) => {
    found.BlkioDeviceWriteBps = values;
  });
  set('device-read-iops', parseThrottleOperations, (values) => {
    found.BlkioDeviceReadIOps = values;
  });
  set('device-write-iops', parseThrottleOperations, (values) => {
    found.BlkioDeviceWriteIOps = values;
  });
  set('ulimit', parseUlimit, (values) => {
    found.Ulimits = lastOfEachName(values);
  });
  set('device-cgroup-rule', String, (values) => {
    found.DeviceCgroupRules = values;
  });
  return found;
}

function lastOfEachName<T extends { Name: string }>(limits: readonly T[]): T[] {
  const byName = new Map(limits.map((limit) => [limit.Name, limit]));
  return [...byName.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

function setMaps(host: Draft<HostConfig>, flags: FlagValues): void {
  const tmpfs: Record<string, string> = {};
  for (const value of flags.list('tmpfs')) {
    const colon = value.indexOf(':');
    tmpfs[colon < 0 ? value : value.slice(0, colon)] = colon < 0 ? '' : value.slice(colon + 1);
  }
  if (!isEmpty(tmpfs)) host.Tmpfs = tmpfs;
  const sysctls = pairsToMap(flags.list('sysctl'));
  if (!isEmpty(sysctls)) host.Sysctls = sysctls;
  const annotations = pairsToMap(flags.list('annotation'));
  if (!isEmpty(annotations)) host.Annotations = annotations;
  const storage = flags.list('storage-opt');
  if (storage.some((option) => !option.includes('='))) throw new Error('invalid storage option');
  if (storage.length > 0) host.StorageOpt = pairsToMap(storage);
}

/** Full names (`CAP_CHOWN`, `ALL`), each once, sorted. */
function capabilities(names: readonly string[]): string[] {
  const full = names.map((name) => {
    const upper = name.trim().toUpperCase();
    return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  });
  return [...new Set(full)].sort();
}

function setRestart(host: Draft<HostConfig>, flags: FlagValues): void {
  const policy = parseRestartPolicy(flags.string('restart'));
  const none = policy.Name === 'no' || policy.Name === '';
  if (flags.bool('rm') && !none)
    throw new Error('conflicting options: cannot specify both --restart and --rm');
  if (!none) host.RestartPolicy = policy;
}

function setLogging(host: Draft<HostConfig>, flags: FlagValues): void {
  const [driver, options] = [flags.string('log-driver'), flags.list('log-opt')];
  if (driver === 'none' && options.length > 0) throw new Error(`invalid logging opts for driver ${driver}`);
  if (driver !== '' || options.length > 0) host.LogConfig = { Type: driver, Config: pairsToMap(options) };
}

async function setSecurity(host: Draft<HostConfig>, flags: FlagValues): Promise<void> {
  const security = await parseSecurity(flags.list('security-opt'));
  if (security.options.length > 0) host.SecurityOpt = security.options;
  if (!security.bareSystemPaths) return;
  host.MaskedPaths = [];
  host.ReadonlyPaths = [];
}

function checkModes(flags: FlagValues): void {
  const [pid, uts, userns, cgroupns] = ['pid', 'uts', 'userns', 'cgroupns'].map((name) => flags.string(name));
  if (pid && pid !== 'host' && !/^container:.+/.test(pid)) throw new Error('--pid: invalid PID mode');
  if (uts && uts !== 'host') throw new Error('--uts: invalid UTS mode');
  if (userns && userns !== 'host') throw new Error('--userns: invalid USER mode');
  if (cgroupns && cgroupns !== 'host' && cgroupns !== 'private')
    throw new Error('--cgroupns: invalid CGROUP mode');
}

const healthTimes = [
  ['health-interval', 'Interval'],
  ['health-timeout', 'Timeout'],
  ['health-start-period', 'StartPeriod'],
  ['health-start-interval', 'StartInterval'],
] as const;

function healthConfig(flags: FlagValues): HealthConfig | null {
  const command = flags.string('health-cmd');
  const retries = flags.integer('health-retries');
  const times = healthTimes.map(([flag, field]) => ({ flag, field, value: flags.duration(flag) }));
  const any = command !== '' || retries !== 0 || times.some((time) => time.value !== 0);
  if (flags.bool('no-healthcheck')) {
    if (any) throw new Error('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!any) return null;
  const health: HealthConfig = command === '' ? {} : { Test: ['CMD-SHELL', command] };
  for (const { flag, field, value } of times) {
    if (value < 0) throw new Error(`--${flag} cannot be negative`);
    if (value > 0) health[field] = value;
  }
  if (retries < 0) throw new Error('--health-retries cannot be negative');
  if (retries > 0) health.Retries = retries;
  return health;
}

function setTexts<T extends object>(
  target: T,
  flags: FlagValues,
  names: readonly (readonly [string, keyof T])[],
): void {
  for (const [flag, field] of names) {
    const value = flags.string(flag);
    if (value !== '') Object.assign(target, { [field]: value });
  }
}

function setLists<T extends object>(
  target: T,
  flags: FlagValues,
  names: readonly (readonly [string, keyof T])[],
): void {
  for (const [flag, field] of names) {
    const values = flags.list(flag);
    if (values.length > 0) Object.assign(target, { [field]: [...values] });
  }
}

function isEmpty(map: object): boolean {
  for (const _ in map) return false;
  return true;
}
