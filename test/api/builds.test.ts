/** Docker's classic endpoint, gantry's own, and the cache. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { eventually } from '../rig/command.ts';
import { builtImage } from './fake-builds.ts';
import { type Fixture, startServer } from './fixtures.ts';
import { ask, converse } from './raw.ts';

let server: Fixture;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  const { builds } = server;
  builds.requests.length = 0;
  builds.prunings.length = 0;
  builds.behaviour = 'succeed';
  builds.aborted = false;
});

const tar = { header: 'Content-Type: application/x-tar', body: 'a tar' };
const encode = (value: unknown) => encodeURIComponent(JSON.stringify(value));

async function refusal(line: string, options?: { header?: string; body?: string }) {
  const { status, body } = await ask(server.socket, line, options);
  return [status, (JSON.parse(body) as { message: string }).message] as const;
}

const lines = (body: string) =>
  body
    .trim()
    .split('\r\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('POST /build', () => {
  test('the stream', async () => {
    const { status, headers, body } = await ask(server.socket, 'POST /build?t=foo&t=bar:1&t=foo:latest', tar);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    const streams = lines(body).flatMap(({ stream }) => (typeof stream === 'string' ? [stream] : []));
    expect(streams.join('')).toBe(
      `Step 1/2 : FROM busybox\n ---> babababababa\nStep 2/2 : RUN make\n ---> Running in c0c0c0c0c0c0\nmade\n\x1b[91mwarned\n\x1b[0m ---> Removed intermediate container c0c0c0c0c0c0\n ---> b1b1b1b1b1b1\nSuccessfully built b1b1b1b1b1b1\nSuccessfully tagged foo:latest\nSuccessfully tagged bar:1\n`,
    );
    expect(lines(body)).toContainEqual({ aux: { ID: builtImage } });
  });

  test('q: the id alone, or everything when it fails', async () => {
    const { body } = await ask(server.socket, 'POST /build?q=1', tar);
    expect(lines(body)).toEqual([{ stream: `${builtImage}\n` }]);
    server.builds.behaviour = 'fail';
    const failed = lines((await ask(server.socket, 'POST /build?q=1', tar)).body);
    expect(failed).toContainEqual({ stream: 'made\n' });
    expect(failed.at(-1)).toHaveProperty('errorDetail.code', 3);
  });

  test('a failing step, with its exit code', async () => {
    server.builds.behaviour = 'fail';
    const { status, body } = await ask(server.socket, 'POST /build', tar);
    const message = "The command '/bin/sh -c make' returned a non-zero code: 3";
    expect(status).toBe(200);
    expect(lines(body).at(-1)).toEqual({ errorDetail: { code: 3, message }, error: message });
  });

  test('what is wrong before the first step has a status', async () => {
    server.builds.behaviour = 'refuse';
    expect(await refusal('POST /build', tar)).toEqual([
      400,
      'dockerfile parse error on line 2: unknown instruction: MISTAKE',
    ]);
  });

  test('every parameter', async () => {
    const config = { 'https://index.docker.io/v1/': { username: 'u', password: 'p' } };
    const query = [
      'dockerfile=sub/D&target=t&nocache=1&pull=true&squash=1&networkmode=none&platform=linux/arm64',
      `buildargs=${encode({ A: '1', B: null, SOURCE_DATE_EPOCH: '5', BUILDKIT_INLINE_CACHE: '1' })}`,
      `labels=${encode({ l: 'm' })}&cachefrom=${encode(['x', 'y:1'])}&extrahosts=a:1.2.3.4&extrahosts=b:::1`,
      'memory=1000000&memswap=-1&cpushares=2&cpusetcpus=0&cpusetmems=1&cpuperiod=3&cpuquota=4&cgroupparent=/p&shmsize=5',
      `ulimits=${encode([{ Name: 'nofile', Soft: 1, Hard: 2 }])}&securityopt=${encode(['a=b'])}&version=1&session=s`,
    ].join('&');
    const header = `X-Registry-Config: ${Buffer.from(JSON.stringify(config)).toString('base64url')}\n${tar.header}`;
    await ask(server.socket, `POST /v1.41/build?${query}`, { ...tar, header });
    const request = server.builds.requests.at(-1);
    expect(request).toMatchObject({
      dockerfile: { path: 'sub/D' },
      target: 't',
      noCache: true,
      pull: true,
      squash: true,
      network: 'none',
      platform: 'linux/arm64',
      labels: { l: 'm' },
      cacheFrom: ['x', 'y:1'],
      epoch: 5,
      inlineCache: true,
      limits: {
        ...{
          memory: 1_000_000,
          memorySwap: -1,
          cpuShares: 2,
          cpusetCpus: '0',
          cpusetMems: '1',
          cpuPeriod: 3,
        },
        ...{ cpuQuota: 4, cgroupParent: '/p', shmSize: 5, extraHosts: ['a:1.2.3.4', 'b:::1'] },
        ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
        securityOpt: ['a=b'],
      },
    });
    expect([...(request?.args ?? [])]).toEqual([
      ['A', '1'],
      ['SOURCE_DATE_EPOCH', '5'],
      ['BUILDKIT_INLINE_CACHE', '1'],
    ]);
    expect(request?.credentials('docker.io')).toEqual({ kind: 'basic', username: 'u', password: 'p' });
    expect(request?.credentials('other.example')).toEqual({ kind: 'anonymous' });
  });

  test('the context is the body, unless a URL is given', async () => {
    server.builds.received = 0;
    await ask(server.socket, 'POST /build', tar);
    expect(server.builds.received).toBe(5);
    await ask(server.socket, 'POST /build?remote=https://example.org/x.tar');
    await ask(server.socket, 'POST /build?remote=https://example.org/x.tar', tar);
    expect(server.builds.received).toBe(5);
    expect(server.builds.requests.slice(1).map(({ context }) => context)).toEqual([
      { kind: 'remote', url: 'https://example.org/x.tar' },
      { kind: 'remote', url: 'https://example.org/x.tar' },
    ]);
  });

  test.each([
    ['buildargs=zzz', "error reading build args: invalid character 'z' looking for beginning of value"],
    [
      `buildargs=${encode({ A: 1 })}`,
      'error reading build args: json: cannot unmarshal number into Go value of type string',
    ],
    ['labels=zzz', "error reading labels: invalid character 'z' looking for beginning of value"],
    ['ulimits=zzz', "error reading ulimit settings: invalid character 'z' looking for beginning of value"],
    ['cachefrom=zzz', "invalid character 'z' looking for beginning of value"],
    ['t=UPPER', 'invalid reference format: repository name (library/UPPER) must be lowercase'],
    ['t=foo:!!', 'invalid reference format'],
    [`t=foo@sha256:${'a'.repeat(64)}`, 'build tag cannot contain a digest'],
    ['platform=a/b/c/d', '"a/b/c/d" is an invalid OS/architecture: invalid argument'],
    ['shmsize=abc', 'strconv.ParseInt: parsing "abc": invalid syntax'],
    ['shmsize=-1', 'SHM size can not be less than 0'],
    ['remote=foo', 'remoteURL (foo) could not be recognized as URL'],
    ['version=9', 'invalid version "9"'],
    ['isolation=hyperv', 'Unsupported isolation: "hyperv"'],
    [`buildargs=${encode({ SOURCE_DATE_EPOCH: 'x' })}`, 'invalid SOURCE_DATE_EPOCH: x'],
  ])('refused: %s', async (query, message) => {
    expect(await refusal(`POST /build?${query}`, tar)).toEqual([400, message]);
  });

  test('BuildKit is refused, with what to do', async () => {
    const [status, message] = await refusal('POST /build?version=2&session=x&remote=client-session');
    expect(status).toBe(501);
    expect(message).toContain('DOCKER_BUILDKIT=0');
  });

  test('ends when the client goes, or cancels', async () => {
    server.builds.behaviour = 'hang';
    const head = 'POST /build?buildid=one HTTP/1.1\nHost: d\nContent-Length: 0\n\n';
    const left = converse(server.socket, head);
    await left.until('Step 2/2');
    left.socket.destroy();
    await eventually(() => server.builds.aborted, 'the build is aborted');
    server.builds.aborted = false;
    const cancelled = converse(server.socket, head.replace('\n\n', '\nConnection: close\n\n'));
    await cancelled.until('Step 2/2');
    expect((await ask(server.socket, 'POST /build/cancel?id=one')).status).toBe(200);
    await cancelled.ended;
    expect(server.builds.aborted).toBe(true);
    expect(cancelled.text()).toContain('errorDetail');
    expect(await refusal('POST /build/cancel')).toEqual([400, 'build ID not provided']);
  });
});

describe('gantry', () => {
  const json = 'Content-Type: application/json';
  const build = (body: object, header = json) =>
    ask(server.socket, 'POST /gantry/build', { header, body: JSON.stringify(body) });
  const told = (body: string) =>
    body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('of a context that is offered only what is wanted is sent', async () => {
    const offer = (offered: unknown) =>
      ask(server.socket, 'POST /gantry/contexts/offer', { header: json, body: JSON.stringify(offered) });
    const Entries = [
      ['d', 'directory', 'known'],
      ['d/\xff', 'other', 'new'],
    ];
    const { status, body } = await offer({ Name: 'host:/src', Entries });
    const { Id, Wanted } = JSON.parse(body) as { Id: string; Wanted: number[] };
    expect([status, Wanted]).toEqual([201, [1]]);
    expect(server.builds.offers.get('host:/src')).toEqual([
      { path: 'd', directory: true, stamp: 'known' },
      { path: 'd/\xff', directory: false, stamp: 'new' },
    ]);
    const answer = async (asked: object) => JSON.parse((await offer(asked)).body) as object;
    expect(await answer({ Name: 'x', Digest: 'known' })).toEqual({ Id: 'context-known', Wanted: [] });
    expect(await answer({ Name: 'x', Digest: 'other' })).toEqual({ Id: '', Wanted: [] });
    expect((await ask(server.socket, `POST /gantry/contexts/${Id}/files`, tar)).status).toBe(204);
    expect(server.builds.contexts.get(Id)?.length).toBe(tar.body.length);
    expect((await ask(server.socket, 'POST /gantry/contexts/none/files', tar)).status).toBe(404);
    for (const bad of [
      { Entries },
      { Name: 'x' },
      { Name: 'x', Entries: [['d']] },
      { Name: 'x', Entries: ['d'] },
    ])
      expect((await offer(bad)).status).toBe(400);
  });

  test('a context is received and used', async () => {
    const { status, body } = await ask(server.socket, 'POST /gantry/contexts', tar);
    const { Id } = JSON.parse(body) as { Id: string };
    expect([status, server.builds.contexts.get(Id)?.toString()]).toEqual([201, tar.body]);
    const built = told((await build({ Context: { Id }, Tags: ['foo'] })).body);
    expect(built.at(-1)).toMatchObject({ kind: 'result', image: builtImage, names: ['foo:latest'] });
    expect(built.map(({ kind }) => kind).slice(0, 3)).toEqual(['step', 'end', 'step']);
    expect(built).toContainEqual(
      expect.objectContaining({
        kind: 'output',
        stream: 'stdout',
        bytes: Buffer.from('made\n').toString('base64'),
      }),
    );
    expect(built.every(({ time }) => typeof time === 'number')).toBe(true);
  });

  test('everything that a build can be asked for', async () => {
    const config = Buffer.from(JSON.stringify({ 'reg.example': { identitytoken: 't' } })).toString('base64');
    await build(
      {
        Context: { Url: 'https://example.org/x.git' },
        Dockerfile: { Text: 'FROM x' },
        Contexts: { a: { Image: 'alpine' }, b: { Id: 'context-1' }, c: { Url: 'https://x/y' } },
        Target: 't',
        Args: { A: '1' },
        NoCacheFilter: ['one'],
        Secrets: { s: Buffer.from('top').toString('base64') },
        CacheFrom: ['x'],
        InlineCache: true,
        Epoch: 7,
        Limits: { Memory: 5, Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }], ExtraHosts: ['a:1.1.1.1'] },
      },
      `${json}\nX-Registry-Config: ${config}`,
    );
    const request = server.builds.requests.at(-1);
    expect(request).toMatchObject({
      context: { kind: 'remote', url: 'https://example.org/x.git' },
      dockerfile: { text: 'FROM x', name: 'Dockerfile' },
      target: 't',
      noCache: ['one'],
      network: 'default',
      inlineCache: true,
      epoch: 7,
      limits: { memory: 5, ulimits: [{ name: 'nofile', soft: 1, hard: 2 }], extraHosts: ['a:1.1.1.1'] },
    });
    expect([...(request?.contexts ?? [])]).toEqual([
      ['a', { kind: 'image', name: 'alpine' }],
      ['b', { kind: 'added', id: 'context-1' }],
      ['c', { kind: 'remote', url: 'https://x/y' }],
    ]);
    expect(Buffer.from(request?.secrets.get('s') ?? []).toString()).toBe('top');
    expect(request?.credentials('reg.example')).toEqual({ kind: 'identity', token: 't' });
  });

  test('errors come in the stream, a Dockerfile’s with its lines', async () => {
    server.builds.behaviour = 'refuse';
    const [error] = told((await build({ Context: { Id: 'context-1' } })).body);
    expect(error).toMatchObject({
      kind: 'error',
      message: 'dockerfile parse error on line 2: unknown instruction: MISTAKE',
      dockerfile: { filename: 'Dockerfile', start: 2, end: 2 },
    });
    expect(error).toHaveProperty('dockerfile.excerpt', expect.stringContaining('   2 | >>> MISTAKE bar'));
    server.builds.behaviour = 'fail';
    expect(told((await build({ Context: { Id: 'context-1' } })).body).at(-1)).toMatchObject({
      kind: 'error',
      exitCode: 3,
    });
    expect(told((await build({ Context: { Id: 'gone' } })).body)).toMatchObject([
      { kind: 'error', message: 'no such build context: gone' },
    ]);
  });

  test.each([
    [{}, 'a build needs a Context'],
    [{ Context: {} }, 'a context has either an Id or a Url'],
    [{ Context: { Id: 'x', Url: 'y' } }, 'a context has either an Id or a Url'],
    [
      { Context: { Id: 'x' }, Tags: ['UPPER'] },
      'invalid reference format: repository name (library/UPPER) must be lowercase',
    ],
    [
      { Context: { Id: 'x' }, Pull: 1 },
      'invalid JSON: json: cannot unmarshal number into Go struct field BuildBody.Pull of type bool',
    ],
  ])('refused: %j', async (body, message) => {
    const answer = await build(body);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([400, { message }]);
  });
});

describe('the cache', () => {
  const ids = ['d1'.repeat(32), 'd2'.repeat(32)] as const;
  const listed = {
    ...{ ID: ids[0], Type: 'regular', Description: '[2/2] RUN make', InUse: true, Shared: false, Size: 1000 },
    ...{ CreatedAt: '2024-01-02T03:04:05.000Z', LastUsedAt: '2024-01-03T03:04:05.000Z', UsageCount: 2 },
  };

  test('its records, and in df', async () => {
    const { body } = await ask(server.socket, 'GET /gantry/builds/cache');
    expect(JSON.parse(body)).toMatchObject([
      listed,
      { ID: ids[1], Type: 'exec.cachemount', LastUsedAt: null },
    ]);
    const legacy = JSON.parse((await ask(server.socket, 'GET /v1.51/system/df')).body);
    expect(legacy.BuildCache).toMatchObject([listed, { ID: ids[1] }]);
    expect(
      JSON.parse((await ask(server.socket, 'GET /v1.51/system/df?type=image')).body).BuildCache,
    ).toBeNull();
    expect(JSON.parse((await ask(server.socket, 'GET /v1.52/system/df')).body).BuildCacheUsage).toEqual({
      ...{ ActiveCount: 1, TotalCount: 2, Reclaimable: 0, TotalSize: 1000 },
    });
  });

  test('prune', async () => {
    const prune = async (query: string) => {
      const { status, body } = await ask(server.socket, `POST /build/prune${query}`);
      return [status, JSON.parse(body), server.builds.prunings.at(-1)];
    };
    expect(await prune('')).toEqual([
      200,
      { CachesDeleted: [ids[0]], SpaceReclaimed: 1000 },
      { all: false, filters: new Map(), keep: 0 },
    ]);
    const filters = encode({ until: { '24h': true }, 'unused-for': ['1h'], type: ['regular'] });
    expect(await prune(`?all=1&keep-storage=5&filters=${filters}`)).toEqual([
      200,
      { CachesDeleted: null, SpaceReclaimed: 0 },
      {
        all: true,
        filters: new Map([
          ['until', ['24h', '1h']],
          ['type', ['step']],
        ]),
        keep: 5,
      },
    ]);
    expect((await prune('?reserved-space=7'))[2]).toMatchObject({ keep: 7 });
    expect((await prune('?max-used-space=900&reserved-space=7'))[2]).toMatchObject({ keep: 900 });
    // Enough is free: nothing has to go.
    expect((await prune('?min-free-space=1'))[2]).toMatchObject({ keep: 1500 });
    expect((await prune('?min-free-space=999999999999999&reserved-space=8'))[2]).toMatchObject({ keep: 8 });
  });

  test('what prune refuses', async () => {
    expect(await refusal('POST /build/prune?keep-storage=abc')).toEqual([
      400,
      'keep-storage is in bytes and expects an integer, got abc: strconv.Atoi: parsing "abc": invalid syntax',
    ]);
    expect(await refusal(`POST /build/prune?filters=${encode({ zz: ['1'] })}`)).toEqual([
      400,
      "invalid filter 'zz'",
    ]);
  });
});
