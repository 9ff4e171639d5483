/** -v and --mount of directories and files of the host, in every form. */
import { expect } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../rig/command.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';
import { hostDirectory, MountedDirectory } from '../rig/mounts.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const newer = 'Docker 20.10 has not got it';

const run = (engine: TestEngine, cli: Cli, options: string[], script: string) =>
  engine.run(cli, ['run', '--rm', ...options, ...sh(script)]);

each('propagation: what is mounted later on either side', async (cli, engine) => {
  const kinds = [
    ['private', false, false],
    ['rprivate', false, false],
    ['slave', true, false],
    ['rslave', true, false],
    ['shared', true, true],
    ['rshared', true, true],
  ] as const;
  for (const [kind, comesIn, goesOut] of kinds) {
    await using host = await MountedDirectory.create(engine);
    const options = ['--cap-add', 'SYS_ADMIN', '--security-opt', 'apparmor=unconfined'];
    const name = await engine.ok(
      cli,
      'run',
      '-d',
      ...options,
      '-v',
      `${host.path}:/m:${kind}`,
      ...sh('mkdir /m/out && mount -t tmpfs out /m/out && touch /m/ready && exec sleep 60'),
    );
    await eventually(() => existsSync(join(host.path, 'ready')), `${kind} is ready`);
    await host.mountLater();
    const seen = await engine.run(cli, ['exec', name, 'cat', '/m/later/f']);
    const mounted = await Bun.file('/proc/self/mounts').text();
    expect([kind, seen.code === 0, mounted.includes(` ${host.path}/out `)]).toEqual([kind, comesIn, goesOut]);
    expect(await engine.ok(cli, 'inspect', '-f', '{{(index .Mounts 0).Propagation}}', name)).toBe(kind);
    await engine.ok(cli, 'rm', '-f', name);
  }
});

each('propagation that the source cannot give is refused', async (cli, engine) => {
  await using host = await MountedDirectory.create(engine);
  Bun.spawnSync(['mount', '--make-private', host.path]);
  for (const [kind, text] of [
    ['shared', 'but it is not a shared mount'],
    ['rslave', 'but it is not a shared or slave mount'],
  ]) {
    const refused = await run(engine, cli, ['-v', `${host.path}:/m:${kind}`], 'true');
    expect(refused.stderr).toContain(`path ${host.path} is mounted on ${host.path} ${text}`);
  }
});

each('with what is mounted beneath, and without', async (cli, engine) => {
  await using host = await MountedDirectory.create(engine);
  const list = (options: string) =>
    run(engine, cli, ['--mount', `type=bind,src=${host.path},dst=/m,${options}`], 'ls /m/sub');
  expect((await list('consistency=cached')).stdout).toBe('f\n');
  expect((await list('bind-nonrecursive')).stdout).toBe('');
  if (cli === 'docker') expect((await list('bind-recursive=disabled')).stdout).toBe('');
});

each(
  'read-only is for what is mounted beneath as well, unless it is not',
  async (cli, engine) => {
    await using host = await MountedDirectory.create(engine);
    const touch = (...options: string[]) =>
      run(engine, cli, options, 'touch /m/x 2>/dev/null && echo top; touch /m/sub/x && echo sub');
    const mount = (options: string) => ['--mount', `type=bind,src=${host.path},dst=/m,${options}`];
    const cases: [string[], string][] = [
      [['-v', `${host.path}:/m:ro`], ''],
      [mount('ro'), ''],
      [mount('ro,bind-recursive=writable'), 'sub\n'],
      [mount('ro,bind-recursive=readonly,bind-propagation=rprivate'), ''],
      [mount('ro,bind-recursive=enabled'), ''],
      [['-v', `${host.path}:/m:rw`], 'top\nsub\n'],
    ];
    for (const [options, expected] of cases)
      expect([options, (await touch(...options)).stdout]).toEqual([options, expected]);
  },
  newer,
);

once('clients before API 1.44 leave what is mounted beneath writable', async (engine) => {
  await using host = await MountedDirectory.create(engine);
  const create = async (version: string, hostConfig: object) => {
    const body = { Image: 'busybox', Cmd: ['touch', '/m/sub/x'], HostConfig: hostConfig };
    const response = await engine.api(`/v${version}/containers/create`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { Id } = (await response.json()) as { Id: string };
    const result = await engine.run('docker', ['start', '-a', Id]);
    await engine.ok('docker', 'rm', Id);
    return result.code;
  };
  const bind = { Binds: [`${host.path}:/m:ro`] };
  const mount = { Mounts: [{ Type: 'bind', Source: host.path, Target: '/m', ReadOnly: true }] };
  const now = process.env.ENGINE === 'docker' ? [] : ['1.44', '1.51'];
  for (const hostConfig of [bind, mount]) {
    expect(await create('1.41', hostConfig)).toBe(0);
    for (const version of now) expect(await create(version, hostConfig)).toBe(1);
  }
});

each('files, sockets and devices are bound as what they are', async (cli, engine) => {
  const host = hostDirectory(engine);
  writeFileSync(join(host, 'file'), 'content');
  const options = ['-v', `${host}/file:/etc/new/file:ro`, '-v', `${engine.socket}:/run/engine.sock`];
  const script = 'cat /etc/new/file; test -S /run/engine.sock && echo; echo x > /etc/new/file';
  const result = await run(engine, cli, [...options, '-v', '/dev/null:/nothing'], `${script}; cat /nothing`);
  expect(result.stdout).toBe('content\n');
  expect(result.stderr).toContain('Read-only file system');
  const wrong = await run(engine, cli, ['-v', `${host}/file:/etc`], 'true');
  expect(wrong.code).toBe(125);
  expect(wrong.stderr).toMatch(/not a directory.*Are you trying to mount a directory onto a file/s);
});

each('modes that only mean something elsewhere are taken, others are not', async (cli, engine) => {
  const host = hostDirectory(engine);
  for (const mode of ['z', 'Z', 'ro,z', 'consistent', 'cached', 'delegated', 'rw,Z,cached,private'])
    expect([mode, (await run(engine, cli, ['-v', `${host}:/m:${mode}`], 'true')).stderr]).toEqual([mode, '']);
  for (const mode of ['U', 'ro,rw', 'z,Z', 'purple', 'cached,delegated', 'default', 'private,rslave'])
    expect((await run(engine, cli, ['-v', `${host}:/m:${mode}`], 'true')).stderr).toContain(
      `Error response from daemon: invalid mode: ${mode}`,
    );
  const noCopy = await run(engine, cli, ['-v', `${host}:/m:nocopy`], 'true');
  expect(noCopy.stderr).toContain('field VolumeOptions must not be specified');
  const propagation = await run(engine, cli, ['-v', 'volume:/m:shared'], 'true');
  expect(propagation.stderr).toContain('field BindOptions must not be specified');
});

each('sources: relative ones, missing ones', async (cli, engine) => {
  const host = hostDirectory(engine);
  writeFileSync(join(host, 'f'), 'relative');
  const options = ['-v', './:/a', '--mount', 'type=bind,src=.,dst=/b,readonly'];
  const relative = await engine.run(cli, ['run', '--rm', ...options, ...sh('cat /a/f /b/f')], { cwd: host });
  expect(relative.stdout).toBe('relativerelative');
  const missing = join(host, 'no/such');
  const mount = await run(engine, cli, ['--mount', `type=bind,src=${missing},dst=/m`], 'true');
  expect(mount.code).toBe(125);
  expect(mount.stderr).toContain(
    `invalid mount config for type "bind": bind source path does not exist: ${missing}`,
  );
  expect(existsSync(missing)).toBe(false);
  expect((await run(engine, cli, ['-v', `${missing}:/m`], 'touch /m/x')).code).toBe(0);
  expect(existsSync(join(missing, 'x'))).toBe(true);
});

each('one place, two mounts', async (cli, engine) => {
  const host = hostDirectory(engine);
  for (const second of [
    ['-v', 'name:/m/'],
    ['--mount', 'type=volume,dst=/m'],
    ['--tmpfs', '/m'],
  ]) {
    const result = await run(engine, cli, ['-v', `${host}:/m`, ...second], 'true');
    expect(result.stderr).toContain('Duplicate mount point: /m');
    expect(result.code).toBe(125);
  }
  // Docker does not look at these two together: the tmpfs it is.
  const tmpfs = ['--mount', `type=bind,src=${host},dst=/m`, '--tmpfs', '/m'];
  expect((await run(engine, cli, tmpfs, 'touch /m/x; grep -c " /m tmpfs" /proc/mounts')).stdout).toBe('1\n');
  expect(existsSync(join(host, 'x'))).toBe(false);
});

each('mounts within mounts, in whatever order they are given', async (cli, engine) => {
  const [outer, inner] = [hostDirectory(engine), hostDirectory(engine)];
  writeFileSync(join(inner, 'f'), 'inner');
  const options = ['-v', `${inner}:/m/a/b`, '--tmpfs', '/m/a', '-v', `${outer}:/m`];
  expect((await run(engine, cli, options, 'cat /m/a/b/f; touch /m/top')).stdout).toBe('inner');
  expect(existsSync(join(outer, 'top'))).toBe(true);
});

each('the root and /proc cannot be mounted over', async (cli, engine) => {
  const host = hostDirectory(engine);
  const root = await run(engine, cli, ['-v', `${host}:/`], 'true');
  expect(root.code).toBe(125);
  expect(root.stderr).toContain(
    `invalid volume specification: '${host}:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
  );
  const mount = await run(engine, cli, ['--mount', `type=bind,src=${host},dst=/x/..`], 'true');
  expect(mount.stderr).toContain("invalid specification: destination can't be '/'");
  for (const target of ['/proc', '/proc/sys', '/x/../proc/self'])
    expect((await run(engine, cli, ['-v', `${host}:${target}`], 'true')).code).not.toBe(0);
  expect((await run(engine, cli, ['-v', '/proc:/proc:ro'], 'true')).code).toBe(0);
  expect((await run(engine, cli, ['-v', '/proc/uptime:/proc/uptime:ro'], 'true')).code).toBe(0);
});

each('the whole host: seen with what is mounted on it later', async (cli, engine) => {
  const name = await engine.ok(cli, 'run', '-d', '-v', '/:/host:ro', ...sh('sleep 60'));
  expect(await engine.ok(cli, 'inspect', '-f', '{{(index .Mounts 0).Propagation}}', name)).toBe('rslave');
  expect(await engine.ok(cli, 'exec', name, 'test', '-e', `/host${engine.socket}`)).toBe('');
  await engine.ok(cli, 'rm', '-f', name);
  const refused = await run(engine, cli, ['-v', `${engine.dataRoot}:/d:private`], 'true');
  expect(refused.stderr).toContain('must use either propagation mode "rslave" or "rshared"');
});
