/** What a container is, in gantry's own words. `api/` translates from and to Docker's JSON; nothing here knows HTTP. */
import type { IdMap } from '../lib/id-map.ts';
import type { ContainerId, Digest, ExecId } from '../lib/ids.ts';
import type {
  Endpoint,
  EndpointRequest,
  NetworkCounters,
  PortBinding,
  PortKey,
  PublishedPort,
} from '../networks/model.ts';
import type { Platform } from '../oci/image.ts';

export interface HealthCheck {
  /** Docker's Test: [] inherit, ["NONE"], ["CMD", ...], ["CMD-SHELL", text]. */
  test: string[];
  /** All in nanoseconds; 0 = default. */
  interval: number;
  timeout: number;
  startPeriod: number;
  startInterval: number;
  retries: number;
}

/** The portable half of what `create` was given (Docker's Config). After `create` the image's defaults are merged in. */
export interface ContainerConfig {
  /** As the user typed it. */
  image: string;
  hostname: string;
  domainname: string;
  user: string;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  tty: boolean;
  openStdin: boolean;
  stdinOnce: boolean;
  env: string[];
  /** null = take the image's. */
  cmd: string[] | null;
  entrypoint: string[] | null;
  workingDir: string;
  labels: Record<string, string>;
  /** Mount points of anonymous volumes. */
  volumes: string[];
  exposedPorts: PortKey[];
  stopSignal: string;
  /** Seconds; null = 10. */
  stopTimeout: number | null;
  healthcheck: HealthCheck | null;
  networkDisabled: boolean;
  macAddress: string;
  shell: string[] | null;
  onBuild: string[] | null;
}

export interface RestartPolicy {
  name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  maximumRetryCount: number;
}

/** Ports that a container gets and loses without a restart. */
export interface PublishChanges {
  add: Partial<Record<PortKey, PortBinding[]>>;
  /** hostIp, hostPort: "" = any. */
  remove: { port: PortKey; hostIp: string; hostPort: string }[];
}

export interface DeviceMapping {
  pathOnHost: string;
  pathInContainer: string;
  /** Any of r, w, m. */
  permissions: string;
}

export interface DeviceRate {
  path: string;
  rate: number;
}

export interface DeviceWeight {
  path: string;
  weight: number;
}

export interface Ulimit {
  name: string;
  soft: number;
  hard: number;
}

/** Owner and mode that the root of a fresh volume, or of a directory made for a bind, gets. null: whatever it has. */
export interface Ownership {
  uid: number | null;
  gid: number | null;
  mode: number | null;
}

/** Beyond Docker: how the files of a bind or a volume are owned, on disk and as the container sees it. */
export interface Owners {
  fresh: Ownership;
  /** null: as on disk. */
  idMap: IdMap | null;
}

export type MountType = 'bind' | 'volume' | 'tmpfs' | 'image';

/** One --mount (Docker's Mount). */
export interface MountRequest {
  /** Any other is refused when the container is created. */
  type: MountType;
  source: string;
  target: string;
  readOnly: boolean;
  consistency: string;
  bind?: {
    propagation: string;
    nonRecursive: boolean;
    createMountpoint: boolean;
    readOnlyNonRecursive: boolean;
    readOnlyForceRecursive: boolean;
    owners: Owners;
  };
  volume?: {
    noCopy: boolean;
    labels: Record<string, string>;
    driver: string;
    options: Record<string, string>;
    subpath: string;
    owners: Owners;
  };
  tmpfs?: { sizeBytes: number; mode: number; options: string[][] };
  image?: { subpath: string };
}

/** Limits of `create` and `update` (Docker's Resources). 0, "", [] and null mean not set. */
export interface Resources {
  cpuShares: number;
  memory: number;
  nanoCpus: number;
  cgroupParent: string;
  blkioWeight: number;
  blkioWeightDevice: DeviceWeight[];
  blkioDeviceReadBps: DeviceRate[];
  blkioDeviceWriteBps: DeviceRate[];
  blkioDeviceReadIops: DeviceRate[];
  blkioDeviceWriteIops: DeviceRate[];
  cpuPeriod: number;
  cpuQuota: number;
  cpuRealtimePeriod: number;
  cpuRealtimeRuntime: number;
  cpusetCpus: string;
  cpusetMems: string;
  devices: DeviceMapping[];
  deviceCgroupRules: string[];
  deviceRequests: unknown[];
  memoryReservation: number;
  /** -1 = unlimited. */
  memorySwap: number;
  /** null = kernel default. */
  memorySwappiness: number | null;
  oomKillDisable: boolean | null;
  /** null or <= 0 = no limit. */
  pidsLimit: number | null;
  ulimits: Ulimit[];
}

/** The host-bound half of what `create` was given (Docker's HostConfig). */
export interface HostConfig extends Resources {
  /** As given: "src:dst[:options]". */
  binds: string[];
  mounts: MountRequest[];
  containerIdFile: string;
  logConfig: { type: string; config: Record<string, string> };
  /** "default", "bridge", "host", "none", "container:<name|id>" or a network's name. */
  networkMode: string;
  portBindings: Partial<Record<PortKey, PortBinding[]>>;
  publishAllPorts: boolean;
  restartPolicy: RestartPolicy;
  autoRemove: boolean;
  volumeDriver: string;
  volumesFrom: string[];
  consoleSize: [rows: number, columns: number];
  annotations: Record<string, string>;
  capAdd: string[];
  capDrop: string[];
  /** "", "private", "host". */
  cgroupnsMode: string;
  dns: string[];
  dnsOptions: string[];
  dnsSearch: string[];
  extraHosts: string[];
  groupAdd: string[];
  /** "", "private", "shareable", "none", "host", "container:<name|id>". */
  ipcMode: string;
  links: string[];
  oomScoreAdj: number;
  pidMode: string;
  privileged: boolean;
  readonlyRootfs: boolean;
  securityOpt: string[];
  storageOpt: Record<string, string>;
  tmpfs: Record<string, string>;
  utsMode: string;
  usernsMode: string;
  shmSize: number;
  sysctls: Record<string, string>;
  runtime: string;
  init: boolean | null;
  /** null = the default list; [] = none (--privileged, systempaths=unconfined). */
  maskedPaths: string[] | null;
  readonlyPaths: string[] | null;
}

export interface CreateRequest {
  /** Without the leading slash; "" = make one up. */
  name: string;
  /** "linux/amd64" or "". */
  platform: string;
  config: ContainerConfig;
  hostConfig: HostConfig;
  /** By network name or id. */
  endpoints: Record<string, EndpointRequest>;
  /** Read-only binds that do not say leave what is mounted beneath them writable: clients before API 1.44 expect it. */
  readOnlyNonRecursive: boolean;
  /** A step of a build stands on this instead of on an image, and takes nothing from it but files. */
  base?: StepBase;
}

/** What a build has made so far. */
export interface StepBase {
  /** The id that an image of it would have. */
  imageId: Digest;
  /** null: no files. */
  chainId: string | null;
  platform: Platform;
  /** Besides those of the request: what is mounted must be there for as long as the container is. */
  mounts: readonly MountPoint[];
}

export interface CommitRequest {
  /** What the client sent in place of the container's own configuration; null = nothing. */
  config: ContainerConfig | null;
  /** Of the image, with or without tag; "" = none. */
  name: string;
  author: string;
  comment: string;
  /** Dockerfile instructions. */
  changes: readonly string[];
  /** Whether a container that runs is paused while its files are read. */
  pause: boolean;
}

/** What there is at a path of a container. */
export interface PathStat {
  /** The last component of the path as it was asked for. */
  name: string;
  size: number;
  /** st_mode of stat(2). */
  mode: number;
  mtime: { seconds: number; nanoseconds: number };
  /** Where a symbolic link leads in the container, as far as that can be told; "" = none. */
  linkTarget: string;
}

export interface ArchiveOptions {
  /** Nothing but a directory replaces a directory, and a directory nothing else. */
  keepKind: boolean;
  /** Everything belongs to the container's user, whatever the archive says. */
  containerOwner: boolean;
}

/** A mount as the container has it (Docker's MountPoint). */
export interface MountPoint {
  type: MountType;
  /** Of the volume, or of the image as the user typed it; else "". */
  name: string;
  /** Host path; "" for tmpfs. */
  source: string;
  destination: string;
  driver: string;
  /** Options as the user gave them ("ro,z"). */
  mode: string;
  readWrite: boolean;
  propagation: string;
  /** What asked for it, where the plan needs more than the above. */
  request?: MountRequest;
  /** Read-only, but not what is mounted beneath it. */
  readOnlyNonRecursive?: true;
  /** When something other than Docker's was asked for. */
  owners?: Owners;
  /** Beneath `source`, which no link in it leads out of. */
  subpath?: string;
  /** Of an image: the snapshot that holds its files for as long as the container exists. */
  image?: { id: Digest; snapshot: string };
}

/**
 *              create               start                 exit
 *   (nothing) ───────▶ created ───────────────▶ running ─────────▶ exited ──▶ removing ──▶ (nothing)
 *                          ▲ start failed: exited  │ ▲ pause/unpause  │ ▲            │
 *                          │                       ▼ │                │ │ restart     ▼
 *                          │                      paused              ▼ │ policy     dead (removal failed)
 *                          └───────────────────────────────────── restarting
 */
export type State =
  | { status: 'created' }
  | { status: 'running'; process: RunningProcess }
  /** `briefly`: not by a user but while its files are read; whoever finds it so later ends it. */
  | { status: 'paused'; process: RunningProcess; briefly?: true }
  /** Waiting out the back-off before the restart policy starts it again. */
  | { status: 'restarting'; last: Exit; attempt: number }
  | { status: 'exited'; last: Exit }
  | { status: 'removing'; last: Exit | null }
  | { status: 'dead'; last: Exit | null; error: string };

export interface RunningProcess {
  pid: number;
  /** Field 22 of /proc/pid/stat: pid and startTime together name a process for ever. */
  startTime: string;
  shimPid: number;
  /** Milliseconds since the epoch, with fraction. */
  startedAt: number;
}

export interface Exit {
  code: number;
  oom: boolean;
  /** Docker's State.Error: why the start failed. */
  error: string;
  /** Milliseconds since the epoch; 0 = never started. */
  startedAt: number;
  finishedAt: number;
}

/** The whole record of a container: what SQLite keeps and inspect shows. */
export interface Container {
  id: ContainerId;
  name: string;
  /** Milliseconds since the epoch. */
  created: number;
  /** The image's id (digest of its config or manifest). */
  imageId: Digest;
  /** What runs: entrypoint and command joined. */
  path: string;
  args: string[];
  config: ContainerConfig;
  hostConfig: HostConfig;
  mounts: MountPoint[];
  state: State;
  restartCount: number;
  /** The user asked it to stop: `unless-stopped` and `always` leave it alone. */
  stoppedByUser: boolean;
  health: HealthState | null;
  endpoints: Endpoint[];
  ports: PublishedPort[];
  driver: string;
  platform: string;
  /** Host files bound into the container. */
  files: { hostname: string; hosts: string; resolvConf: string; log: string };
  execIds: ExecId[];
  warnings: string[];
  /** Of a step of a build: whoever finds it after the daemon has died removes it. */
  isBuildStep?: true;
}

export interface HealthState {
  status: 'starting' | 'healthy' | 'unhealthy';
  failingStreak: number;
  log: { start: number; end: number; exitCode: number; output: string }[];
}

export interface ExecRequest {
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  tty: boolean;
  consoleSize: [rows: number, columns: number] | null;
  detachKeys: string;
  env: string[];
  workingDir: string;
  user: string;
  privileged: boolean;
  cmd: string[];
}

export interface Exec {
  id: ExecId;
  containerId: ContainerId;
  request: ExecRequest;
  state:
    | { status: 'created' }
    | { status: 'running'; pid: number }
    | { status: 'exited'; pid: number; code: number };
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** A bidirectional byte stream to a container: multiplexed frames without tty, raw with one. */
export interface ContainerStream {
  readonly tty: boolean;
  /** Ends when the process is gone and its output was delivered. */
  readonly output: ReadableStream<Uint8Array>;
  /** stdin; resolves when it was taken (backpressure). */
  write(chunk: Uint8Array): Promise<void>;
  /** Half-close: the end of stdin. */
  end(): void;
  /** Lets go of the stream; the container runs on. */
  close(): void;
}

export interface LogQuery {
  follow: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Unix seconds with fraction; 0 = no bound. */
  since: number;
  until: number;
  timestamps: boolean;
  details: boolean;
  /** -1 = all. */
  tail: number;
}

/** One sample of what a container uses; raw numbers of the kernel, bytes and nanoseconds. */
export interface StatsSample {
  /** Milliseconds since the epoch. */
  read: number;
  cgroupVersion: 1 | 2;
  cpu: {
    total: number;
    user: number;
    kernel: number;
    perCpu: number[];
    system: number;
    online: number;
    throttling: { periods: number; throttledPeriods: number; throttledTime: number };
  };
  memory: { usage: number; maxUsage: number; limit: number; failcnt: number; stats: Record<string, number> };
  pids: { current: number; limit: number };
  io: { major: number; minor: number; op: 'read' | 'write'; bytes: number; operations: number }[];
  networks: Record<string, NetworkCounters>;
}
