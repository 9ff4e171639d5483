/** What the canned server knows: one of everything, with the corners that listings have to get right. */
import type { Answer } from './oracle.ts';

const id = (digit: string) => digit.repeat(64);
const now = Math.trunc(Date.now() / 1000);
const hour = 3600;

const container = {
  Id: id('a'),
  Names: ['/web', '/db/web'],
  Image: 'busybox:latest',
  ImageID: `sha256:${id('1')}`,
  Command: "sh -c 'while true; do sleep 1; done'",
  Created: now - 2 * hour,
  Ports: [
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { IP: '0.0.0.0', PrivatePort: 8001, PublicPort: 8001, Type: 'tcp' },
    { IP: '0.0.0.0', PrivatePort: 8002, PublicPort: 8002, Type: 'tcp' },
    { IP: '0.0.0.0', PrivatePort: 8003, PublicPort: 8003, Type: 'tcp' },
    { PrivatePort: 53, Type: 'udp' },
    { PrivatePort: 54, Type: 'udp' },
    { PrivatePort: 56, Type: 'tcp' },
  ],
  SizeRw: 12345,
  SizeRootFs: 4567890,
  Labels: { 'com.example.some-role': 'front', a: 'b' },
  State: 'running',
  Status: 'Up 2 hours (healthy)',
  HostConfig: { NetworkMode: 'bridge' },
  NetworkSettings: { Networks: { bridge: {} } },
  Mounts: [
    {
      Type: 'volume',
      Name: 'averyveryverylongvolumename',
      Source: '/x',
      Destination: '/d',
      Driver: 'local',
      Mode: '',
      RW: true,
      Propagation: '',
    },
    {
      Type: 'bind',
      Source: '/home/someone/data',
      Destination: '/e',
      Mode: '',
      RW: true,
      Propagation: 'rprivate',
    },
  ],
};

const exited = {
  ...container,
  Id: id('b'),
  Names: ['/db'],
  Image: `sha256:${id('1')}`,
  Command: 'true <&> "x"',
  Created: now - 3 * 24 * hour,
  Ports: [],
  Labels: null,
  Mounts: [],
  SizeRw: 0,
  SizeRootFs: 0,
  State: 'exited',
  Status: 'Exited (0) 3 days ago',
};

const images = [
  {
    Id: `sha256:${id('1')}`,
    ParentId: '',
    RepoTags: ['busybox:latest', 'busybox:1'],
    RepoDigests: [`busybox@sha256:${id('2')}`],
    Created: now - 5 * hour,
    Size: 4261550,
    SharedSize: -1,
    Labels: null,
    Containers: 1,
  },
  {
    Id: `sha256:${id('3')}`,
    ParentId: '',
    RepoTags: [],
    RepoDigests: [],
    Created: now - 90 * 24 * hour,
    Size: 117000000,
    SharedSize: 5000,
    Labels: { a: 'b' },
    Containers: 0,
  },
  {
    Id: `sha256:${id('4')}`,
    ParentId: '',
    RepoTags: null,
    RepoDigests: [`debian@sha256:${id('5')}`],
    Created: now - 800 * 24 * hour,
    Size: 1234567890,
    SharedSize: 0,
    Labels: null,
    Containers: -1,
  },
];

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const cached = (digit: string, more: object) => ({
  ...{ ID: id(digit), Type: 'regular', Description: 'RUN make', InUse: false, Shared: false, Size: 7000 },
  ...{ CreatedAt: iso(now - 50 * hour), LastUsedAt: iso(now - 49 * hour), UsageCount: 3, ...more },
});
const cache = [
  cached('6', { ID: 'ndlpt0hhvkqcdfkputsk4cq9c', InUse: true, Size: 51000, LastUsedAt: iso(now - hour) }),
  cached('7', { Type: 'exec.cachemount', Shared: true, Size: 1000, LastUsedAt: null, UsageCount: 0 }),
  cached('8', {}),
  cached('9', { LastUsedAt: iso(now - 90 * hour) }),
];

const volumes = [
  {
    Name: 'data',
    Driver: 'local',
    Mountpoint: '/var/lib/x/data/_data',
    CreatedAt: '2024-01-02T03:04:05Z',
    Labels: { a: 'b' },
    Scope: 'local',
    Options: null,
    UsageData: { Size: 1000000, RefCount: 1 },
  },
  {
    Name: 'a10',
    Driver: 'local',
    Mountpoint: '/m',
    CreatedAt: '2024-01-02T03:04:05Z',
    Labels: null,
    Scope: 'local',
    Options: { type: 'tmpfs' },
  },
  {
    Name: 'a9',
    Driver: 'other',
    Mountpoint: '/m',
    CreatedAt: '2024-01-02T03:04:05Z',
    Labels: null,
    Scope: 'local',
    Options: null,
    UsageData: { Size: 5, RefCount: 0 },
  },
];

const network = {
  Name: 'bridge',
  Id: id('c'),
  Created: '2024-01-02T03:04:05.123456789Z',
  Scope: 'local',
  Driver: 'bridge',
  EnableIPv4: true,
  EnableIPv6: false,
  IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }] },
  Internal: false,
  Attachable: false,
  Ingress: false,
  ConfigFrom: { Network: '' },
  ConfigOnly: false,
  Containers: {},
  Options: { 'com.docker.network.bridge.default_bridge': 'true', mtu: '1500' },
  Labels: {},
};

const inspected = {
  Id: id('a'),
  Created: '2024-01-02T03:04:05.123456789Z',
  Path: 'sh',
  Args: ['-c', 'a <b> & "c" é'],
  State: {
    Status: 'running',
    Running: true,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 42,
    ExitCode: 0,
    Error: '',
    StartedAt: '2024-01-02T03:04:06Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  },
  Image: `sha256:${id('1')}`,
  ResolvConfPath: '/r',
  HostnamePath: '/h',
  HostsPath: '/o',
  LogPath: '/l',
  Name: '/web',
  RestartCount: 0,
  Driver: 'overlay2',
  Platform: 'linux',
  MountLabel: '',
  ProcessLabel: '',
  AppArmorProfile: '',
  ExecIDs: null,
  HostConfig: {
    Binds: null,
    ContainerIDFile: '',
    LogConfig: { Type: 'json-file', Config: {} },
    NetworkMode: 'bridge',
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
    AutoRemove: false,
    Memory: 2147483648,
    CpuShares: 512,
    NanoCpus: 1500000000,
    PidsLimit: null,
    Init: null,
  },
  Mounts: [
    {
      Type: 'volume',
      Name: 'data',
      Source: '/x',
      Destination: '/d',
      Driver: 'local',
      Mode: 'z',
      RW: true,
      Propagation: '',
    },
    { Type: 'bind', Source: '/y', Destination: '/e', Mode: '', RW: false, Propagation: 'rprivate' },
  ],
  Config: {
    Hostname: 'aaa',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: ['A=1', 'B=x y'],
    Cmd: ['sh', '-c', 'x'],
    Image: 'busybox',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: { 'com.example.some-role': 'front' },
  },
  NetworkSettings: {
    Bridge: '',
    SandboxID: 's',
    SandboxKey: 'k',
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '443/tcp': [{ HostIp: '127.0.0.1', HostPort: '8443' }],
    },
    IPAddress: '172.17.0.2',
    Gateway: '172.17.0.1',
    Networks: {
      bridge: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: '',
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: 'n',
        EndpointID: 'e',
        Gateway: '172.17.0.1',
        IPAddress: '172.17.0.2',
        IPPrefixLen: 16,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: null,
      },
    },
  },
};

const image = {
  Id: `sha256:${id('1')}`,
  RepoTags: ['busybox:latest'],
  RepoDigests: [],
  Parent: '',
  Comment: '',
  Created: '2024-01-02T03:04:05Z',
  Author: '',
  Architecture: 'amd64',
  Os: 'linux',
  Size: 4261550,
  GraphDriver: { Data: null, Name: 'overlay2' },
  RootFS: { Type: 'layers', Layers: [`sha256:${id('9')}`] },
  Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  Config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
};

const stats = {
  id: id('a'),
  name: '/web',
  read: '2024-01-02T03:04:06Z',
  preread: '2024-01-02T03:04:05Z',
  pids_stats: { current: 3, limit: 100 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'Read', value: 1234567 },
      { major: 8, minor: 0, op: 'Write', value: 0 },
    ],
  },
  num_procs: 0,
  storage_stats: {},
  cpu_stats: {
    cpu_usage: { total_usage: 300000000, usage_in_kernelmode: 1, usage_in_usermode: 1 },
    system_cpu_usage: 10000000000,
    online_cpus: 2,
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  },
  precpu_stats: {
    cpu_usage: { total_usage: 100000000, usage_in_kernelmode: 1, usage_in_usermode: 1 },
    system_cpu_usage: 8000000000,
    online_cpus: 2,
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  },
  memory_stats: { usage: 15000000, stats: { inactive_file: 5000000 }, limit: 1073741824 },
  networks: {
    eth0: {
      rx_bytes: 1500,
      rx_packets: 1,
      rx_errors: 0,
      rx_dropped: 0,
      tx_bytes: 20,
      tx_packets: 1,
      tx_errors: 0,
      tx_dropped: 0,
    },
  },
};

const events = [
  {
    status: 'start',
    id: id('a'),
    from: 'busybox',
    Type: 'container',
    Action: 'start',
    Actor: { ID: id('a'), Attributes: { image: 'busybox', name: 'web' } },
    scope: 'local',
    time: 1704164645,
    timeNano: 1704164645123456800,
  },
  {
    Type: 'network',
    Action: 'connect',
    Actor: { ID: 'n', Attributes: {} },
    scope: 'local',
    time: 1704164646,
    timeNano: 1704164646000000000,
  },
];

const history = [
  {
    Id: `sha256:${id('1')}`,
    Created: now - 30 * hour,
    CreatedBy: '/bin/sh -c #(nop)  CMD ["sh"] and a rather long text that has to be cut',
    Tags: ['busybox:latest'],
    Size: 0,
    Comment: 'buildkit',
  },
  {
    Id: '<missing>',
    Created: now - 40 * 24 * hour,
    CreatedBy: 'ADD\tfile <x> & y',
    Tags: null,
    Size: 4261550,
    Comment: '',
  },
];

function frame(stream: number, text: string): string {
  const size = Buffer.byteLength(text);
  return String.fromCharCode(stream, 0, 0, 0, 0, 0, size >> 8, size & 0xff) + text;
}

const ok: Answer = { status: 204, body: '' };

export const answers: Record<string, Answer> = {
  'GET /info': { body: { Swarm: { LocalNodeState: 'inactive', ControlAvailable: false } } },
  'GET /containers/json': { body: [container, exited] },
  'GET /containers/web/json': { body: inspected },
  'GET /containers/web/top': {
    body: {
      Titles: ['UID', 'PID', 'CMD'],
      Processes: [
        ['root', '1', 'sh -c x'],
        ['nobody', '12345', 'sleep'],
      ],
    },
  },
  'GET /containers/web/stats': { body: stats },
  'GET /containers/web/logs': {
    body: frame(1, 'out\n') + frame(2, 'err\n'),
    type: 'application/vnd.docker.multiplexed-stream',
  },
  [`GET /containers/${id('a')}/logs`]: {
    body: frame(1, 'out\n') + frame(2, 'err\n'),
    type: 'application/vnd.docker.multiplexed-stream',
  },
  'POST /containers/web/wait': { body: { StatusCode: 3 } },
  'POST /containers/web/start': ok,
  'POST /containers/web/stop': ok,
  'POST /containers/web/kill': ok,
  'POST /containers/web/pause': ok,
  'POST /containers/web/restart': ok,
  'POST /containers/web/rename': ok,
  'POST /containers/web/update': { body: { Warnings: ['careful'] } },
  'DELETE /containers/web': ok,
  'POST /containers/create': { status: 201, body: { Id: id('d'), Warnings: ['Your kernel is old'] } },
  [`POST /containers/${id('d')}/start`]: ok,
  [`POST /containers/${id('d')}/wait`]: { body: { StatusCode: 0 } },
  'POST /containers/prune': { body: { ContainersDeleted: [id('b'), id('e')], SpaceReclaimed: 123456 } },
  'GET /images/json': { body: images },
  'GET /images/busybox/json': { body: image },
  'GET /images/busybox/history': { body: history },
  'POST /commit': { status: 201, body: { Id: `sha256:${id('1')}` } },
  'POST /images/busybox/tag': { status: 201, body: '' },
  'DELETE /images/busybox': { body: [{ Untagged: 'busybox:latest' }, { Deleted: `sha256:${id('1')}` }] },
  'POST /images/prune': {
    body: {
      ImagesDeleted: [{ Untagged: 'x:y' }, { Deleted: `sha256:${id('3')}` }],
      SpaceReclaimed: 1234567890,
    },
  },
  'GET /volumes': { body: { Volumes: volumes, Warnings: null } },
  'GET /volumes/data': { body: volumes[0] },
  'DELETE /volumes/data': ok,
  'POST /volumes/create': { status: 201, body: volumes[0] },
  'POST /volumes/prune': { body: { VolumesDeleted: ['a9'], SpaceReclaimed: 5 } },
  'GET /networks': {
    body: [network, { ...network, Name: 'host', Driver: 'host', Id: id('f'), Labels: { x: 'y' } }],
  },
  'GET /networks/bridge': { body: network },
  'POST /networks/create': { status: 201, body: { Id: id('7'), Warning: '' } },
  'POST /networks/my/connect': { body: '' },
  'POST /networks/my/disconnect': { body: '' },
  'DELETE /networks/my': ok,
  'POST /networks/prune': { body: { NetworksDeleted: ['my'] } },
  'GET /events': { body: events.map((event) => `${JSON.stringify(event)}\n`).join('') },
  'GET /system/df': {
    body: {
      LayersSize: 1238829440,
      Images: images,
      Containers: [container, exited],
      Volumes: volumes.filter((volume) => volume.UsageData),
      BuildCache: cache,
    },
  },
  'POST /build/prune': {
    body: { CachesDeleted: [id('d'), 'ndlpt0hhvkqcdfkputsk4cq9c'], SpaceReclaimed: 8000 },
  },
};
