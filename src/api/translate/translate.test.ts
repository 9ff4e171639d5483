import { describe, expect, test } from 'bun:test';
import type { Container, State } from '../../containers/model.ts';
import type { Image } from '../../images/model.ts';
import { humanDuration } from '../../lib/duration.ts';
import { parseContainerId, parseDigest, parseNetworkId } from '../../lib/ids.ts';
import { parseCreate } from './create.ts';
import { eventContentType, eventLine } from './event.ts';
import { imageInspectJson, imageSummaryJson } from './image.ts';
import { pointInTime, selectImages } from './image-filter.ts';
import { inspectJson } from './inspect.ts';
import { parsePorts } from './ports.ts';
import { selectContainers } from './ps-filter.ts';
import { stateJson, statusText } from './state.ts';
import { statsJson } from './stats.ts';
import { commandText, summaryJson } from './summary.ts';
import { rfc3339, zeroTime } from './time.ts';
import { parseUpdate } from './update.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const hour = 3_600_000;
const process = (ago: number) => ({ pid: 7, startTime: '1', shimPid: 6, startedAt: now - ago });
const exit = (code: number, ago: number) => ({
  code,
  oom: false,
  error: '',
  startedAt: now - ago - hour,
  finishedAt: now - ago,
});

const create = (body: object, version = 50) => parseCreate(body, { name: '', platform: '', version });

function container(state: State, body: object = {}): Container {
  const { config, hostConfig } = create({ Image: 'busybox', ...body });
  return {
    id: parseContainerId('ab'.repeat(32)),
    name: 'web',
    created: now - hour,
    imageId: parseDigest(`sha256:${'cd'.repeat(32)}`),
    path: 'sh',
    args: ['-c', 'echo hi'],
    config,
    hostConfig,
    mounts: [],
    state,
    restartCount: 0,
    stoppedByUser: false,
    health: null,
    endpoints: [],
    ports: [],
    driver: 'overlay2',
    platform: 'linux/amd64',
    files: { hostname: '', hosts: '', resolvConf: '', log: '' },
    execIds: [],
    warnings: [],
  };
}

describe('dates and durations', () => {
  test.each([
    [0, zeroTime],
    [Date.parse('2024-01-02T03:04:05Z'), '2024-01-02T03:04:05Z'],
    [Date.parse('2024-01-02T03:04:05.120Z'), '2024-01-02T03:04:05.12Z'],
    [Date.parse('2024-01-02T03:04:05.120Z') + 0.25, '2024-01-02T03:04:05.12025Z'],
  ])('%d -> %s', (time, text) => expect(rfc3339(time)).toBe(text));
  test.each([
    [500, 'Less than a second'],
    [1_000, '1 second'],
    [59_000, '59 seconds'],
    [60_000, 'About a minute'],
    [59 * 60_000, '59 minutes'],
    [hour, 'About an hour'],
    [2 * hour, '2 hours'],
    [47 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [15 * 24 * hour, '2 weeks'],
    [61 * 24 * hour, '2 months'],
    [3 * 365 * 24 * hour, '3 years'],
  ])('%d ms: %s', (ms, text) => expect(humanDuration(ms)).toBe(text));
});

describe('state', () => {
  test.each<[State, string]>([
    [{ status: 'created' }, 'Created'],
    [{ status: 'running', process: process(2 * hour) }, 'Up 2 hours'],
    [{ status: 'paused', process: process(5 * 60_000) }, 'Up 5 minutes (Paused)'],
    [{ status: 'restarting', last: exit(1, 3_000), attempt: 1 }, 'Restarting (1) 3 seconds ago'],
    [{ status: 'exited', last: exit(0, 72 * hour) }, 'Exited (0) 3 days ago'],
    [{ status: 'exited', last: { ...exit(127, 0), startedAt: 0 } }, 'Created'],
    [{ status: 'removing', last: null }, 'Removal In Progress'],
    [{ status: 'dead', last: null, error: 'x' }, 'Dead'],
  ])('%j', (state, text) => expect(statusText(container(state), now)).toBe(text));

  test('health', () => {
    const running = container({ status: 'running', process: process(2 * hour) });
    const text = (status: 'starting' | 'healthy') =>
      statusText({ ...running, health: { status, failingStreak: 0, log: [] } }, now);
    expect([text('healthy'), text('starting')]).toEqual([
      'Up 2 hours (healthy)',
      'Up 2 hours (health: starting)',
    ]);
  });

  test('inspect: a start that failed stays created, with the code', () => {
    const last = { code: 127, oom: false, error: 'not found', startedAt: 0, finishedAt: now };
    expect(stateJson(container({ status: 'exited', last }))).toMatchObject({
      Status: 'created',
      Running: false,
      ExitCode: 127,
      Error: 'not found',
      StartedAt: zeroTime,
      FinishedAt: zeroTime,
    });
    expect(stateJson(container({ status: 'restarting', last, attempt: 1 }))).toMatchObject({
      Running: true,
      Restarting: true,
      Pid: 0,
    });
  });
});

describe('create', () => {
  test('words, ports, health, mounts', () => {
    const { config, hostConfig } = create({
      Image: 'x',
      Cmd: 'one',
      Entrypoint: ['a', 'b'],
      ExposedPorts: { '80': {}, '90-91/UDP': {} },
      Healthcheck: { Test: ['NONE'], StartInterval: 5 },
      HostConfig: {
        PortBindings: { '80/tcp': [{ HostPort: 8080 }, { HostIp: '127.0.0.1', HostPort: '81' }], '90': null },
        Mounts: [{ Type: 'volume', Source: 'v', Target: '/v', VolumeOptions: { NoCopy: true } }],
        MemorySwappiness: -1,
      },
    });
    expect(config).toMatchObject({
      cmd: ['one'],
      entrypoint: ['a', 'b'],
      exposedPorts: ['80/tcp', '90/udp', '91/udp'],
      healthcheck: { test: ['NONE'], startInterval: 5 },
    });
    expect(hostConfig).toMatchObject({
      portBindings: {
        '80/tcp': [
          { hostIp: '', hostPort: '8080' },
          { hostIp: '127.0.0.1', hostPort: '81' },
        ],
        '90/tcp': [{ hostIp: '', hostPort: '' }],
      },
      memorySwappiness: null,
    });
    expect(hostConfig.mounts[0]).toMatchObject({ type: 'volume', volume: { noCopy: true, subpath: '' } });
  });

  test('older versions have other defaults and fewer fields', () => {
    const body = {
      Image: 'x',
      Healthcheck: { StartInterval: 5 },
      HostConfig: { ConsoleSize: [3, 4], Annotations: { a: 'b' } },
      NetworkingConfig: { EndpointsConfig: { n: { MacAddress: '02:00:00:00:00:01' } } },
    };
    const old = create(body, 39);
    expect(old.hostConfig).toMatchObject({
      cgroupnsMode: 'host',
      ipcMode: 'shareable',
      consoleSize: [0, 0],
      annotations: {},
    });
    expect(old.config.healthcheck?.startInterval).toBe(0);
    expect(old.endpoints.n?.macAddress).toBe('');
    const recent = create(body, 50);
    expect(recent.hostConfig).toMatchObject({
      cgroupnsMode: '',
      consoleSize: [3, 4],
      annotations: { a: 'b' },
    });
    expect(recent.endpoints.n?.macAddress).toBe('02:00:00:00:00:01');
    const two = { Image: 'x', NetworkingConfig: { EndpointsConfig: { a: null, b: {} } } };
    expect(() => create(two, 43)).toThrow(
      'Container cannot be created with multiple network endpoints: a, b',
    );
    expect(Object.keys(create(two, 44).endpoints)).toEqual(['a', 'b']);
  });

  test.each([
    [{ Image: 1 }, 'cannot unmarshal number into Go struct field CreateRequest.Image of type string'],
    [{ Env: 'x' }, 'cannot unmarshal string into Go struct field CreateRequest.Env of type []string'],
    [
      { HostConfig: { Memory: 1.5 } },
      'cannot unmarshal number 1.5 into Go struct field CreateRequest.HostConfig.Memory',
    ],
    [
      { HostConfig: [] },
      'cannot unmarshal array into Go struct field CreateRequest.HostConfig of type object',
    ],
    [{ ExposedPorts: { 'x/tcp': {} } }, 'invalid port specification: "x"'],
  ])('%j is refused', (body, text) => expect(() => create(body)).toThrow(text));

  test('a hostile key is data', () => {
    const { config } = create(JSON.parse('{"Image":"x","Labels":{"__proto__":"y"}}') as object);
    expect(Object.entries(config.labels)).toEqual([['__proto__', 'y']]);
  });

  test('what inspect shows is what create was given', () => {
    const HostConfig = {
      Binds: ['/a:/b:ro'],
      Mounts: [
        { Type: 'bind', Source: '/s', Target: '/t', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
      ],
      PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      CapAdd: ['NET_ADMIN'],
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      Memory: 64 * 2 ** 20,
      Init: true,
    };
    const json = inspectJson(container({ status: 'created' }, { HostConfig, Tty: true }), 50, null);
    expect(json.HostConfig).toMatchObject(HostConfig);
    expect(json.Config).toMatchObject({ Tty: true, Image: 'busybox' });
  });
});

test('update changes only what was given', () => {
  expect(parseUpdate({ Memory: 5, CpuShares: 0, PidsLimit: -1, RestartPolicy: { Name: '' } })).toEqual({
    memory: 5,
    pidsLimit: -1,
  });
  expect(parseUpdate({ RestartPolicy: { Name: 'always' } })).toEqual({
    restartPolicy: { name: 'always', maximumRetryCount: 0 },
  });
});

describe('update: ports', () => {
  test('as in HostConfig.PortBindings, and which ones to take away', () => {
    const body = {
      PublishAdd: { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }], '90-91/udp': [{ HostPort: 9000 }] },
      PublishRemove: [{ Port: '80' }, { Port: '53-54/udp', HostIp: '127.0.0.1', HostPort: '5353' }],
    };
    expect(parseUpdate(body)).toEqual({
      publish: {
        add: {
          '80/tcp': [{ hostIp: '::1', hostPort: '8080' }],
          '90/udp': [{ hostIp: '', hostPort: '9000' }],
          '91/udp': [{ hostIp: '', hostPort: '9000' }],
        },
        remove: [
          { port: '80/tcp', hostIp: '', hostPort: '' },
          { port: '53/udp', hostIp: '127.0.0.1', hostPort: '5353' },
          { port: '54/udp', hostIp: '127.0.0.1', hostPort: '5353' },
        ],
      },
    });
  });
  test('nothing said is nothing changed', () => {
    expect(parseUpdate({ Memory: 5, PublishAdd: {}, PublishRemove: [] })).toEqual({ memory: 5 });
    expect(parseUpdate({ PublishAdd: null, PublishRemove: null })).toEqual({});
  });
  test('what is no port', () => {
    expect(() => parseUpdate({ PublishRemove: [{ Port: 'x' }] })).toThrow('invalid port specification: "x"');
    expect(() => parseUpdate({ PublishRemove: ['80'] })).toThrow('cannot unmarshal string');
  });
});

describe('inspect by version', () => {
  const live: Container = {
    ...container(
      { status: 'running', process: process(hour) },
      { ExposedPorts: { '80/tcp': {}, '81/tcp': {} } },
    ),
    ports: [
      { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostIp: '::', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    ],
    endpoints: [
      {
        networkId: parseNetworkId('12'.repeat(32)),
        networkName: 'bridge',
        endpointId: 'e1',
        request: {
          aliases: [],
          links: [],
          ipv4Address: '',
          ipv6Address: '',
          linkLocalIps: [],
          macAddress: '',
          driverOptions: {},
          gwPriority: 0,
        },
        interfaceName: 'eth0',
        ipAddress: '172.17.0.2',
        prefixLength: 16,
        gateway: '172.17.0.1',
        ipv6Address: '',
        ipv6PrefixLength: 0,
        ipv6Gateway: '',
        macAddress: '02:42:ac:11:00:02',
        dnsNames: [],
      },
    ],
  };
  test('the default bridge at the top until 1.51', () => {
    expect(inspectJson(live, 51, null).NetworkSettings.IPAddress).toBe('172.17.0.2');
    expect(inspectJson(live, 52, null).NetworkSettings.IPAddress).toBeUndefined();
    expect(inspectJson(live, 52, null).NetworkSettings.Networks.bridge?.IPAddress).toBe('172.17.0.2');
  });
  test('names that everyone has are aliases until 1.44, where names are served', () => {
    const [endpoint] = live.endpoints;
    if (!endpoint) throw new Error('no endpoint');
    const request = { ...endpoint.request, aliases: ['db'] };
    const dnsNames = ['web', 'db', 'abababababab'];
    const mine = { ...endpoint, networkName: 'my', request, dnsNames };
    const on = (version: number) =>
      inspectJson({ ...live, endpoints: [endpoint, mine] }, version, null).NetworkSettings.Networks;
    expect(on(44).my).toMatchObject({ Aliases: ['db', 'abababababab'], DNSNames: dnsNames });
    expect(on(45).my).toMatchObject({ Aliases: ['db'], DNSNames: dnsNames });
    expect(on(44).bridge).toMatchObject({ Aliases: null, DNSNames: null });
  });
  test('ports', () => {
    expect(inspectJson(live, 50, null).NetworkSettings.Ports).toEqual({
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '81/tcp': null,
    });
    const stopped = { ...live, state: { status: 'exited', last: exit(0, 0) } } as Container;
    expect(inspectJson(stopped, 50, null).NetworkSettings).toMatchObject({ Ports: {}, IPAddress: '' });
    const row = summaryJson(live, { version: 50, now, sizes: null, image: 'busybox' });
    expect(row.Ports).toEqual([
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 81, Type: 'tcp' },
    ]);
  });
  test('command of ps', () => expect(commandText(live)).toBe("sh -c 'echo hi'"));
});

describe('ps filters', () => {
  const running = container({ status: 'running', process: process(hour) }, { Labels: { a: 'b' } });
  const stopped = {
    ...container({ status: 'exited', last: exit(3, hour) }),
    id: parseContainerId('ef'.repeat(32)),
    name: 'db',
    created: now,
  };
  const names = (filters: Record<string, string[]>, query: { all?: boolean; limit?: number } = {}) =>
    selectContainers(
      [running, stopped],
      { all: query.all ?? true, limit: query.limit ?? 0, filters: new Map(Object.entries(filters)) },
      { ancestors: null, before: null, since: null },
    ).map(({ name }) => name);

  test.each<[Record<string, string[]>, string[]]>([
    [{}, ['db', 'web']],
    [{ status: ['running'] }, ['web']],
    [{ exited: ['3'] }, ['db']],
    [{ exited: ['0'] }, []],
    [{ name: ['^/we'] }, ['web']],
    [{ name: ['w', 'd'] }, ['db', 'web']],
    [{ id: ['abab'] }, ['web']],
    [{ label: ['a=b'] }, ['web']],
    [{ health: ['none'] }, ['db', 'web']],
    [{ 'is-task': ['true'] }, []],
    [{ network: ['bridge'] }, []],
  ])('%j', (filters, expected) => expect(names(filters)).toEqual(expected));
  test('all, limit and status', () => {
    expect(names({}, { all: false })).toEqual(['web']);
    expect(names({}, { all: false, limit: 1 })).toEqual(['db']);
    expect(names({ status: ['exited'] }, { all: false })).toEqual(['db']);
    expect(() => names({ exited: ['x'] })).toThrow("invalid filter 'exited=x'");
  });
});

test('stats: cgroup v1 and v2', () => {
  const sample = {
    read: now,
    cgroupVersion: 1 as 1 | 2,
    cpu: {
      total: 10,
      user: 6,
      kernel: 4,
      perCpu: [5, 5],
      system: 100,
      online: 2,
      throttling: { periods: 0, throttledPeriods: 0, throttledTime: 0 },
    },
    memory: { usage: 5, maxUsage: 9, limit: 100, failcnt: 1, stats: {} },
    pids: { current: 1, limit: 0 },
    io: [{ major: 8, minor: 0, op: 'read' as const, bytes: 512, operations: 1 }],
    networks: {},
  };
  const subject = { id: 'x', name: 'web' };
  const v1 = statsJson(subject, sample, null);
  expect(v1.cpu_stats.cpu_usage.percpu_usage).toEqual([5, 5]);
  expect(v1.memory_stats).toMatchObject({ max_usage: 9, failcnt: 1 });
  expect(v1.blkio_stats.io_service_bytes_recursive).toEqual([{ major: 8, minor: 0, op: 'Read', value: 512 }]);
  expect(v1.preread).toBe(zeroTime);
  const v2 = statsJson(subject, { ...sample, cgroupVersion: 2 }, sample);
  expect(v2.cpu_stats.cpu_usage.percpu_usage).toBeUndefined();
  expect(v2.memory_stats.max_usage).toBeUndefined();
  expect(v2.blkio_stats.io_service_bytes_recursive?.[0]?.op).toBe('read');
  expect(v2.blkio_stats.io_serviced_recursive).toBeNull();
  expect(v2.precpu_stats.system_cpu_usage).toBe(100);
});

describe('images', () => {
  const image: Image = {
    id: parseDigest(`sha256:${'cd'.repeat(32)}`),
    target: parseDigest(`sha256:${'cd'.repeat(32)}`),
    config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
    chainIds: [],
    tags: ['busybox:latest', 'host:5000/a/b:1'],
    repoDigests: [],
    created: now,
    size: 5,
    contentSize: 2,
    parentId: null,
    pinned: false,
  };
  const counts = { containers: -1, sharedSize: -1 };
  test('by version', () => {
    expect(imageSummaryJson(image, 43, counts).VirtualSize).toBe(5);
    expect(imageSummaryJson(image, 44, counts).VirtualSize).toBeUndefined();
    expect(imageSummaryJson({ ...image, tags: [] }, 42, counts).RepoTags).toEqual(['<none>:<none>']);
    expect(imageSummaryJson({ ...image, tags: [] }, 43, counts).RepoTags).toEqual([]);
    expect(imageInspectJson(image, 43, { driver: 'x' }).Created).toBe(zeroTime);
    expect(imageInspectJson(image, 44, { driver: 'x' }).Created).toBeUndefined();
    expect(imageInspectJson(image, 49, { driver: 'x' }).Config).toMatchObject({ Hostname: '' });
    expect(imageInspectJson(image, 50, { driver: 'x' }).Config).toEqual({});
  });
  test.each<[string, number]>([
    ['busybox', 1],
    ['busy*', 1],
    ['busybox:l?test', 1],
    ['host:5000/a/b', 1],
    ['*', 1],
    ['a/b', 0],
    ['b[v-z]sybox', 0],
    ['b[t-v]sybox', 1],
  ])('reference=%s', (pattern, count) =>
    expect(select([image], { reference: [pattern] })).toHaveLength(count),
  );
  const select = (images: Image[], filters: Record<string, string[]>, all = false) =>
    selectImages(images, {
      filters: new Map(Object.entries(filters)),
      named: { before: null, since: null },
      all,
      now,
    });
  test('intermediate images are shown on demand, dangling ones always', () => {
    const base = { ...image, id: parseDigest(`sha256:${'1'.repeat(64)}`), tags: [], repoDigests: [] };
    const child = { ...image, parentId: base.id };
    const dangling = { ...base, id: parseDigest(`sha256:${'2'.repeat(64)}`) };
    const byDigest = {
      ...base,
      id: parseDigest(`sha256:${'3'.repeat(64)}`),
      repoDigests: ['busybox@sha256:1'],
    };
    const images = [base, child, dangling, byDigest];
    expect(select(images, {})).toEqual([child, dangling, byDigest]);
    expect(select(images, {}, true)).toEqual(images);
    expect(select(images, { dangling: ['true'] })).toEqual([dangling, byDigest]);
    expect(select(images, { dangling: ['true'] }, true)).toEqual([base, dangling, byDigest]);
    expect(select(images, { dangling: ['false'] })).toEqual([child, byDigest]);
  });
  test('until', () => {
    expect(pointInTime('1h30m', now)).toBe(now - 1.5 * hour);
    expect(pointInTime('1700000000', now)).toBe(1_700_000_000_000);
    expect(() => pointInTime('soon', now)).toThrow("invalid filter 'until=[soon]'");
  });
});

describe('ports and events', () => {
  test('port ranges', () => {
    expect(parsePorts('8000-8002/udp')).toEqual(['8000/udp', '8001/udp', '8002/udp']);
    for (const text of ['', '70000', '9-8', '80/icmp', '80-'])
      expect(() => parsePorts(text)).toThrow('invalid port specification');
  });
  test('nanoseconds are exact, old fields by version', () => {
    const event = {
      type: 'container' as const,
      action: 'die',
      id: 'x',
      attributes: {},
      timeNano: 1_700_000_000_000_000_001n,
    };
    expect(eventLine(event, 52)).toBe(
      '{"Type":"container","Action":"die","Actor":{"ID":"x","Attributes":{}},"scope":"local","time":1700000000,"timeNano":1700000000000000001}',
    );
    expect(eventLine(event, 51)).toStartWith('{"status":"die","id":"x",');
    expect(eventContentType('*/*', 52)).toBe('application/jsonl');
    expect(eventContentType('application/x-ndjson', 55)).toBe('application/x-ndjson');
    expect(eventContentType('application/x-ndjson', 51)).toBe('application/json');
  });
});
