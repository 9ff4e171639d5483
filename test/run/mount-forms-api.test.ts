/** What is refused of HostConfig.Mounts, Binds and VolumesFrom, and how mounts are shown: status and text. */
import { expect } from 'bun:test';
import type { TestEngine } from '../rig/engine.ts';
import { hostDirectory } from '../rig/mounts.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const newer = 'Docker 20.10 has not got it';

interface Shown {
  Destination: string;
  Type: string;
  Source: string;
  Name?: string;
}

interface Answer {
  status: number;
  message: string;
}

async function create(engine: TestEngine, hostConfig: object, version = '', config = {}) {
  const response = await engine.api(`${version}/containers/create`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ Image: 'busybox', Cmd: ['true'], ...config, HostConfig: hostConfig }),
  });
  const body = (await response.json()) as { Id?: string; message?: string };
  if (body.Id) await engine.api(`/containers/${body.Id}?v=1`, { method: 'DELETE' });
  return { status: response.status, message: body.message ?? '' } satisfies Answer;
}

const kind = (type: string, text: string) => `invalid mount config for type "${type}": ${text}`;

const refusedMounts: [object, string][] = [
  [{ Type: 'bind', Source: '/etc' }, kind('bind', 'field Target must not be empty')],
  [
    { Type: 'bind', Source: '/etc', Target: '/' },
    kind('bind', "invalid specification: destination can't be '/'"),
  ],
  [
    { Type: 'bind', Source: '/etc', Target: 'x' },
    kind('bind', "invalid mount path: 'x' mount path must be absolute"),
  ],
  [{ Type: 'bind', Target: '/x' }, kind('bind', 'field Source must not be empty')],
  [
    { Type: 'bind', Source: './etc', Target: '/x' },
    kind('bind', "invalid mount path: './etc' mount path must be absolute"),
  ],
  [
    { Type: 'bind', Source: '/no/such', Target: '/x' },
    kind('bind', 'bind source path does not exist: /no/such'),
  ],
  [
    { Type: 'bind', Source: '/etc', Target: '/x', BindOptions: { Propagation: 'foo' } },
    kind('bind', 'invalid propagation mode: foo'),
  ],
  [
    { Type: 'bind', Source: '/etc', Target: '/x', VolumeOptions: {} },
    kind('bind', 'field VolumeOptions must not be specified'),
  ],
  [
    { Type: 'volume', Target: '/x', BindOptions: {} },
    kind('volume', 'field BindOptions must not be specified'),
  ],
  [
    { Type: 'volume', Target: '/x', ReadOnly: true },
    kind('volume', 'must not set ReadOnly mode when using anonymous volumes'),
  ],
  [{ Type: 'tmpfs', Target: '/x', Source: 'y' }, kind('tmpfs', 'field Source must not be specified')],
  [
    { Type: 'tmpfs', Target: '/x', BindOptions: {} },
    kind('tmpfs', 'field BindOptions must not be specified'),
  ],
  [{ Type: 'cluster', Source: 'c', Target: '/x' }, kind('cluster', 'mount type unknown')],
  [{ Type: 'npipe', Source: 'c', Target: '/x' }, kind('npipe', 'mount type unknown')],
  [{ Type: '', Source: 'c', Target: '/x' }, kind('', 'mount type unknown')],
];

const newerMounts: [object, string][] = [
  [
    { Type: 'volume', Target: '/x', VolumeOptions: { Subpath: 'a' } },
    kind('volume', 'must not set Subpath when using anonymous volumes'),
  ],
  ...['../a', '/a', 'a/../..', '..'].map((subpath): [object, string] => [
    { Type: 'volume', Source: 'v', Target: '/x', VolumeOptions: { Subpath: subpath } },
    kind('volume', 'subpath must be a relative path within the volume'),
  ]),
  [
    { Type: 'image', Source: 'busybox', Target: '/x', ImageOptions: { Subpath: '../a' } },
    kind('image', 'subpath must be a relative path within the volume'),
  ],
  [{ Type: 'image', Target: '/x' }, kind('image', 'field Source must not be empty')],
  [
    { Type: 'image', Source: 'busybox', Target: '/x', BindOptions: {} },
    kind('image', 'field BindOptions must not be specified'),
  ],
  [
    { Type: 'tmpfs', Target: '/x', TmpfsOptions: { Options: [['suid']] } },
    kind('tmpfs', 'invalid option: suid'),
  ],
  [
    { Type: 'tmpfs', Target: '/x', TmpfsOptions: { Options: [['exec', 'a', 'b']] } },
    kind('tmpfs', 'invalid option array length'),
  ],
];

once('mounts that mean nothing', async (engine) => {
  for (const [mount, message] of refusedMounts)
    expect([mount, await create(engine, { Mounts: [mount] })]).toEqual([mount, { status: 400, message }]);
});

once(
  'mounts that mean nothing, of newer kinds',
  async (engine) => {
    for (const [mount, message] of newerMounts)
      expect([mount, await create(engine, { Mounts: [mount] })]).toEqual([mount, { status: 400, message }]);
  },
  newer,
);

once('fields that a version of the API did not have', async (engine) => {
  const tmpfs = { Type: 'tmpfs', Target: '/x', BindOptions: {} };
  expect((await create(engine, { Mounts: [tmpfs] }, '/v1.41')).status).toBe(
    process.env.ENGINE === 'docker' ? 400 : 201,
  );
});

once(
  'fields that a version of the API did not have are refused in it',
  async (engine) => {
    const cases: [object, string, string][] = [
      [
        { Type: 'bind', Source: '/etc', Target: '/x', BindOptions: { ReadOnlyForceRecursive: true } },
        '/v1.43',
        'BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer',
      ],
      [
        { Type: 'volume', Source: 'v', Target: '/x', VolumeOptions: { Subpath: 'a' } },
        '/v1.44',
        'VolumeOptions.Subpath needs API v1.45 or newer',
      ],
    ];
    for (const [mount, version, message] of cases)
      expect(await create(engine, { Mounts: [mount] }, version)).toEqual({ status: 400, message });
  },
  newer,
);

once('binds and volumes-from that mean nothing', async (engine) => {
  const binds: [string, string][] = [
    ['', "invalid volume specification: ''"],
    [':/x', "invalid volume specification: ':/x'"],
    ['/a:/b:ro:c', "invalid volume specification: '/a:/b:ro:c'"],
    ['/a:ro', "invalid volume specification: '/a:ro'"],
    ['/a:/b:U', 'invalid mode: U'],
    [
      '/a:b',
      `invalid volume specification: '/a:b': ${kind('bind', "invalid mount path: 'b' mount path must be absolute")}`,
    ],
  ];
  for (const [bind, message] of binds)
    expect([bind, (await create(engine, { Binds: [bind] })).message]).toEqual([bind, message]);
  const relative = await create(engine, { Binds: ['./x:/y'] });
  expect(relative.status).toBe(400);
  expect(relative.message).toContain('"./x" includes invalid characters for a local volume name');
  const from: [string, string][] = [
    ['', 'volumes-from specification cannot be an empty string'],
    ['a:nocopy', 'invalid mode: nocopy'],
    ['a:shared', 'invalid mode: shared'],
    ['a:b:c', 'invalid mode: b:c'],
  ];
  for (const [spec, message] of from)
    expect([spec, await create(engine, { VolumesFrom: [spec] })]).toEqual([spec, { status: 400, message }]);
  expect((await create(engine, { VolumesFrom: ['nobody'] })).status).toBe(400);
});

once('mounts as inspect and ps show them', async (engine) => {
  const host = hostDirectory(engine);
  const hostConfig = {
    Binds: [`${host}:/bind:ro`, 'named:/named', '/anonymous-bind', 'modes:/modes:nocopy,Z'],
    Mounts: [
      { Type: 'volume', Source: 'mounted', Target: '/mounted/', VolumeOptions: { Labels: { a: 'b' } } },
      { Type: 'volume', Target: '/anonymous-mount' },
      { Type: 'tmpfs', Target: '/tmpfs', TmpfsOptions: { SizeBytes: 1048576, Mode: 448 } },
      { Type: 'bind', Source: host, Target: '/bind2', BindOptions: { Propagation: 'private' } },
    ],
  };
  const response = await engine.api('/containers/create', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ Image: 'busybox', Volumes: { '/config': {} }, HostConfig: hostConfig }),
  });
  const { Id } = (await response.json()) as { Id: string };
  const inspected = (await (await engine.api(`/containers/${Id}/json`)).json()) as {
    Mounts: Shown[];
    HostConfig: { Binds: unknown; Mounts: unknown };
  };
  const rows = (await (await engine.api('/containers/json?all=1')).json()) as {
    Id: string;
    Mounts: unknown;
  }[];
  const shown = (mounts: Shown[]): Record<string, unknown>[] =>
    mounts
      .map(({ Source, Name, ...mount }) => ({
        ...mount,
        ...(Name && { Name: Name.length === 64 ? 'anonymous' : Name }),
        at: mount.Type === 'volume' ? Source.endsWith(`/volumes/${Name}/_data`) : Source === host,
      }))
      .sort((a, b) => (a.Destination < b.Destination ? -1 : 1));
  const volume = { Type: 'volume', Driver: 'local', RW: true, Propagation: '', at: true };
  expect(shown(inspected.Mounts)).toEqual([
    { ...volume, Name: 'anonymous', Destination: '/anonymous-bind', Mode: 'z' },
    { ...volume, Name: 'anonymous', Destination: '/anonymous-mount', Mode: 'z' },
    { Type: 'bind', Destination: '/bind', Mode: 'ro', RW: false, Propagation: 'rprivate', at: true },
    { Type: 'bind', Destination: '/bind2', Mode: '', RW: true, Propagation: 'private', at: true },
    { ...volume, Name: 'anonymous', Destination: '/config', Mode: '' },
    { ...volume, Name: 'modes', Destination: '/modes', Mode: 'nocopy,Z' },
    { ...volume, Name: 'mounted', Destination: '/mounted', Mode: 'z' },
    { ...volume, Name: 'named', Destination: '/named', Mode: 'z' },
    { Type: 'tmpfs', Destination: '/tmpfs', Mode: '', RW: true, Propagation: '', at: false },
  ]);
  expect(rows.find((row) => row.Id === Id)?.Mounts).toHaveLength(9);
  expect(inspected.HostConfig.Binds).toEqual(hostConfig.Binds);
  expect(inspected.HostConfig.Mounts).toEqual(hostConfig.Mounts);
  await engine.ok('docker', 'rm', '-v', Id);
  await engine.ok('docker', 'volume', 'rm', 'named', 'modes', 'mounted');
});
