/** The container that a RUN is, as the containers noun wants to be asked for it. */
import type { ContainerConfig, CreateRequest, HostConfig, MountPoint } from '../../containers/model.ts';
import type { StepLimits } from '../model.ts';
import { chainOf, idOf, platformOf, type StageState } from '../stage/state.ts';

export interface StepProcess {
  argv: readonly string[];
  /** "name=value" */
  env: readonly string[];
  /** "" = root. */
  user: string;
  /** "" = / */
  workingDir: string;
  network: string;
  privileged: boolean;
  mounts: readonly MountPoint[];
  limits: StepLimits;
  labels: Readonly<Record<string, string>>;
}

export function containerRequest(state: StageState, process: StepProcess): CreateRequest {
  const imageId = idOf(state);
  return {
    name: '',
    platform: '',
    config: { ...plainConfig, ...configOf(process), image: imageId },
    hostConfig: {
      ...plainHostConfig,
      ...process.limits,
      networkMode: process.network,
      privileged: process.privileged,
    },
    endpoints: {},
    readOnlyNonRecursive: false,
    base: { imageId, chainId: chainOf(state), platform: platformOf(state), mounts: process.mounts },
  };
}

const configOf = ({ argv, env, user, workingDir, labels }: StepProcess): Partial<ContainerConfig> => ({
  cmd: [...argv],
  env: [...env],
  user,
  workingDir,
  labels: { ...labels },
});

const plainConfig: ContainerConfig = {
  image: '',
  hostname: '',
  domainname: '',
  user: '',
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  tty: false,
  openStdin: false,
  stdinOnce: false,
  env: [],
  cmd: null,
  entrypoint: null,
  workingDir: '',
  labels: {},
  volumes: [],
  exposedPorts: [],
  stopSignal: '',
  stopTimeout: null,
  healthcheck: null,
  networkDisabled: false,
  macAddress: '',
  shell: null,
  onBuild: null,
};

const plainHostConfig: HostConfig = {
  cpuShares: 0,
  memory: 0,
  nanoCpus: 0,
  cgroupParent: '',
  blkioWeight: 0,
  blkioWeightDevice: [],
  blkioDeviceReadBps: [],
  blkioDeviceWriteBps: [],
  blkioDeviceReadIops: [],
  blkioDeviceWriteIops: [],
  cpuPeriod: 0,
  cpuQuota: 0,
  cpuRealtimePeriod: 0,
  cpuRealtimeRuntime: 0,
  cpusetCpus: '',
  cpusetMems: '',
  devices: [],
  deviceCgroupRules: [],
  deviceRequests: [],
  memoryReservation: 0,
  memorySwap: 0,
  memorySwappiness: null,
  oomKillDisable: null,
  pidsLimit: null,
  ulimits: [],
  binds: [],
  mounts: [],
  containerIdFile: '',
  logConfig: { type: 'none', config: {} },
  networkMode: 'default',
  portBindings: {},
  publishAllPorts: false,
  restartPolicy: { name: 'no', maximumRetryCount: 0 },
  autoRemove: false,
  volumeDriver: '',
  volumesFrom: [],
  consoleSize: [0, 0],
  annotations: {},
  capAdd: [],
  capDrop: [],
  cgroupnsMode: '',
  dns: [],
  dnsOptions: [],
  dnsSearch: [],
  extraHosts: [],
  groupAdd: [],
  ipcMode: '',
  links: [],
  oomScoreAdj: 0,
  pidMode: '',
  privileged: false,
  readonlyRootfs: false,
  securityOpt: [],
  storageOpt: {},
  tmpfs: {},
  utsMode: '',
  usernsMode: '',
  shmSize: 0,
  sysctls: {},
  runtime: '',
  init: null,
  maskedPaths: null,
  readonlyPaths: null,
};
