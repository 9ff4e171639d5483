import { expect } from 'bun:test';
import { existsSync } from 'node:fs';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];

each('filters of ls: dangling, driver, label, name', async (cli, engine) => {
  const names = ['alpha', 'alphabet', 'beta'].map((name) => `${name}-${cli}`);
  const [alpha = '', alphabet = '', beta = ''] = names;
  await engine.ok(cli, 'volume', 'create', '--label', 'tier=1', '--label', 'x', alpha);
  await engine.ok(cli, 'volume', 'create', '--label', 'tier=2', alphabet);
  await engine.ok(cli, 'volume', 'create', beta);
  const id = await engine.ok(cli, 'create', '-v', `${beta}:/d`, 'busybox');
  const list = async (...filters: string[]) =>
    (await engine.ok(cli, 'volume', 'ls', '-q', ...filters.flatMap((filter) => ['-f', filter]))).split('\n');
  expect(await list('name=alpha')).toEqual([alpha, alphabet]);
  expect(await list('label=tier')).toEqual([alpha, alphabet]);
  expect(await list('label=tier=1')).toEqual([alpha]);
  expect(await list('label=tier', 'label=x')).toEqual([alpha]);
  expect(await list('dangling=true', `name=-${cli}`)).toEqual([alpha, alphabet]);
  expect(await list('dangling=false')).toEqual([beta]);
  expect(await list('driver=local', 'name=beta')).toEqual([beta]);
  expect(await list('driver=other')).toEqual(['']);
  const bad = await engine.run(cli, ['volume', 'ls', '-f', 'bogus=1']);
  expect(bad.stderr).toContain('bogus');
  await engine.ok(cli, 'rm', id);
  await engine.ok(cli, 'volume', 'rm', ...names);
});

each('what create refuses', async (cli, engine) => {
  const refused = async (...args: string[]) => {
    const { code, stderr } = await engine.run(cli, ['volume', 'create', ...args]);
    expect(code).toBe(1);
    return stderr.trim().replace('Error response from daemon: ', '');
  };
  expect(await refused('a')).toBe(
    'create a: volume name is too short, names should be at least two alphanumeric characters',
  );
  expect(await refused('../up')).toStartWith(
    'create ../up: "../up" includes invalid characters for a local volume name',
  );
  expect(await refused('-o', 'foo=1', 'v1')).toBe('create v1: invalid option: "foo"');
  expect(await refused('-o', 'device=x', 'v1')).toBe('create v1: missing required option: "type"');
  expect(await refused('-o', 'type=tmpfs', 'v1')).toBe('create v1: missing required option: "device"');
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).toBe('');
});

each('create again: the same volume, whatever the options say', async (cli, engine) => {
  const name = `again-${cli}`;
  await engine.ok(cli, 'volume', 'create', '--label', 'a=1', name);
  expect(
    await engine.ok(
      cli,
      'volume',
      'create',
      '--label',
      'a=2',
      '-o',
      'type=tmpfs',
      '-o',
      'device=tmpfs',
      name,
    ),
  ).toBe(name);
  expect(await engine.ok(cli, 'volume', 'inspect', '-f', '{{json .Labels}} {{json .Options}}', name)).toMatch(
    /^\{"a":"1"\} (null|\{\})$/,
  );
  await engine.ok(cli, 'volume', 'rm', name);
});

each('rm: in use, not there, -f', async (cli, engine) => {
  const name = `rm-${cli}`;
  const id = await engine.ok(cli, 'create', '-v', `${name}:/d`, 'busybox');
  const used = await engine.run(cli, ['volume', 'rm', '-f', name]);
  expect(used.stderr).toContain(`remove ${name}: volume is in use - [${id}]`);
  await engine.ok(cli, 'rm', id);
  expect(await engine.ok(cli, 'volume', 'rm', name)).toBe(name);
  const missing = await engine.run(cli, ['volume', 'rm', name]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/no such volume/i);
  expect(await engine.ok(cli, 'volume', 'rm', '-f', name)).toBe(name);
});

each('prune: anonymous ones, all, by label; not those with options', async (cli, engine) => {
  const [kept, gone, optional] = [`kept-${cli}`, `gone-${cli}`, `optional-${cli}`];
  await engine.ok(cli, 'volume', 'create', '--label', 'keep', kept);
  await engine.ok(cli, 'volume', 'create', gone);
  await engine.ok(cli, 'volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', optional);
  await engine.ok(cli, 'create', '--name', `c-${cli}`, '-v', '/anonymous', 'busybox');
  await engine.ok(cli, 'rm', `c-${cli}`);
  const names = async () => (await engine.ok(cli, 'volume', 'ls', '-q')).split('\n').filter(Boolean).sort();
  expect(await names()).toHaveLength(4);
  if (engine.kind === 'gantry') {
    expect(await engine.ok(cli, 'volume', 'prune', '-f')).toMatch(/Deleted Volumes:\n[0-9a-f]{64}\n/);
    expect(await names()).toEqual([gone, kept, optional].sort());
    await engine.ok(cli, 'volume', 'prune', '-fa', '--filter', 'label!=keep');
  } else await engine.ok(cli, 'volume', 'prune', '-f', '--filter', 'label!=keep'); // 20.10: API 1.41 takes all
  expect(await names()).toEqual([kept, optional].sort());
  await engine.ok(cli, 'volume', 'rm', kept, optional);
});

each('df: size and references of local volumes', async (cli, engine) => {
  const name = `df-${cli}`;
  const id = await engine.ok(
    cli,
    'run',
    '-d',
    '-v',
    `${name}:/d`,
    ...sh('head -c 100000 /dev/zero > /d/f; sleep 1000'),
  );
  await engine.ok(cli, 'volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', `ram-${cli}`);
  expect(await engine.ok(cli, 'exec', id, 'cat', '/d/f')).toHaveLength(100000);
  const { Volumes } = (await (await engine.api('/v1.41/system/df')).json()) as {
    Volumes: { Name: string; UsageData: unknown }[];
  };
  expect(Volumes.map(({ Name, UsageData }) => [Name, UsageData])).toEqual([
    [name, { Size: 100000, RefCount: 1 }],
  ]);
  await engine.ok(cli, 'rm', '-f', id);
  await engine.ok(cli, 'volume', 'rm', name, `ram-${cli}`);
});

once('events tell of mounts', async (engine) => {
  const since = String(Date.now() / 1000);
  await engine.ok('docker', 'run', '--rm', '--name', 'teller', '-v', 'told:/d:ro', ...sh('true'));
  await engine.ok('docker', 'volume', 'rm', 'told');
  const until = String(Date.now() / 1000 + 1);
  const format =
    '{{.Action}} {{index .Actor.Attributes "destination"}} {{index .Actor.Attributes "read/write"}}';
  const args = ['--since', since, '--until', until, '--filter', 'volume=told', '--format', format];
  expect((await engine.ok('docker', 'events', ...args)).replace(/ +$/gm, '').split('\n')).toEqual([
    'create',
    'mount /d false',
    'unmount',
    'destroy',
  ]);
});

each(
  'update is for cluster volumes',
  async (cli, engine) => {
    await engine.ok(cli, 'volume', 'create', `u-${cli}`);
    const { code, stderr } = await engine.run(cli, ['volume', 'update', `u-${cli}`]);
    expect(code).toBe(1);
    if (isGantry) expect(stderr.trim()).toEndWith('an only update cluster volumes');
    await engine.ok(cli, 'volume', 'rm', `u-${cli}`);
  },
  'the command needs API 1.42, and 20.10 speaks 1.41',
);

const mounted = async (engine: TestEngine, path: string) =>
  (await Bun.file('/proc/self/mounts').text())
    .split('\n')
    .some((line) => line.includes(engine.directory) && line.includes(path));

each('tmpfs and bind by options: mounted while containers run', async (cli, engine) => {
  const [ram, bound, source] = [`ram-${cli}`, `bound-${cli}`, `${engine.directory}/source-${cli}`];
  await engine.ok(
    cli,
    'volume',
    'create',
    '-o',
    'type=tmpfs',
    '-o',
    'device=tmpfs',
    '-o',
    'o=size=1m,uid=33',
    ram,
  );
  const args = ['run', '-d', '-v', `${ram}:/ram`, ...sh('sleep 1000')];
  const [first, second] = [await engine.ok(cli, ...args), await engine.ok(cli, ...args)];
  await engine.ok(cli, 'exec', first, 'sh', '-c', 'echo shared > /ram/f');
  expect(
    await engine.ok(
      cli,
      'exec',
      second,
      'sh',
      '-c',
      'cat /ram/f; stat -c %u /ram; grep -c " /ram tmpfs.*size=1024k" /proc/mounts',
    ),
  ).toBe('shared\n33\n1');
  await engine.ok(cli, 'rm', '-f', first);
  expect(await engine.ok(cli, 'exec', second, 'cat', '/ram/f')).toBe('shared');
  await engine.ok(cli, 'rm', '-f', second);
  expect(await mounted(engine, ram)).toBe(false);
  await engine.ok(cli, 'volume', 'rm', ram);

  Bun.spawnSync(['mkdir', '-p', source]);
  await engine.ok(
    cli,
    'volume',
    'create',
    '-o',
    'type=none',
    '-o',
    `device=${source}`,
    '-o',
    'o=bind',
    bound,
  );
  await engine.ok(cli, 'run', '--rm', '-v', `${bound}:/b`, ...sh('echo out > /b/f'));
  expect(await Bun.file(`${source}/f`).text()).toBe('out\n');
  await engine.ok(cli, 'volume', 'rm', bound);
  expect(existsSync(`${source}/f`)).toBe(true);
});

each('a mount that fails says what was tried', async (cli, engine) => {
  const name = `bad-${cli}`;
  await engine.ok(
    cli,
    'volume',
    'create',
    '-o',
    'type=none',
    '-o',
    'device=/does/not/exist',
    '-o',
    'o=bind',
    name,
  );
  const { code, stderr } = await engine.run(cli, ['run', '--rm', '-v', `${name}:/fresh`, ...sh('true')]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('failed to mount local volume: mount /does/not/exist:');
  expect(stderr).toContain(`/${name}/_data, flags: 0x1000: no such file or directory`);
  await engine.ok(
    cli,
    'volume',
    'create',
    '-o',
    'type=nfs',
    '-o',
    'device=:/export',
    '-o',
    'o=addr=no.such.host.invalid,soft',
    `${name}-nfs`,
  );
  const nfs = await engine.run(cli, ['run', '--rm', '-v', `${name}-nfs:/fresh`, ...sh('true')]);
  expect(nfs.stderr).toContain(
    'error resolving passed in network volume address: lookup no.such.host.invalid',
  );
  await engine.ok(
    cli,
    'volume',
    'create',
    '-o',
    'type=nfs',
    '-o',
    'device=:/export',
    '-o',
    'o=addr=127.0.0.1,soft,vers=4',
    `${name}-ip`,
  );
  const ip = await engine.run(cli, ['run', '--rm', '-v', `${name}-ip:/fresh`, ...sh('true')]);
  expect(ip.stderr).toMatch(
    /failed to mount local volume: mount :\/export:.*, data: addr=127\.0\.0\.1,soft,vers=4: \w+/,
  );
  await engine.ok(cli, 'volume', 'rm', name, `${name}-nfs`, `${name}-ip`);
});
