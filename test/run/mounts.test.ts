import { expect } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from '../rig/suite.ts';

const { each } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];

each('binds: both ways, read-only, files, missing sources', async (cli, engine) => {
  const host = join(engine.directory, `host-${cli}`);
  mkdirSync(host);
  writeFileSync(join(host, 'from-host'), 'hello');
  expect(
    await engine.ok(
      cli,
      'run',
      '--rm',
      '-v',
      `${host}:/b`,
      ...sh('cat /b/from-host; echo hi > /b/from-container'),
    ),
  ).toBe('hello');
  expect(await Bun.file(join(host, 'from-container')).text()).toBe('hi\n');
  const readonly = await engine.run(cli, ['run', '--rm', '-v', `${host}:/b:ro`, ...sh('touch /b/x')]);
  expect(readonly.stderr).toContain('Read-only file system');
  expect(
    await engine.ok(cli, 'run', '--rm', '-v', `${host}/from-host:/etc/file`, ...sh('cat /etc/file')),
  ).toBe('hello');
  await engine.ok(cli, 'run', '--rm', '-v', `${host}/made:/m`, ...sh('touch /m/x'));
  expect(await Bun.file(join(host, 'made/x')).exists()).toBe(true);
});

each('--mount', async (cli, engine) => {
  const host = join(engine.directory, `mount-${cli}`);
  mkdirSync(host);
  const bind = await engine.run(cli, [
    'run',
    '--rm',
    '--mount',
    `type=bind,src=${host},dst=/b,readonly`,
    ...sh('touch /b/x'),
  ]);
  expect(bind.stderr).toContain('Read-only file system');
  const tmpfs = await engine.ok(
    cli,
    'run',
    '--rm',
    '--mount',
    'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700',
    ...sh('stat -c %a /t; grep " /t " /proc/mounts'),
  );
  expect(tmpfs).toContain('700');
  expect(tmpfs).toContain('size=1024k');
  await engine.ok(
    cli,
    'run',
    '--rm',
    '--mount',
    `type=volume,src=vm-${cli},dst=/v`,
    ...sh('echo kept > /v/f'),
  );
  expect(await engine.ok(cli, 'run', '--rm', '-v', `vm-${cli}:/v`, ...sh('cat /v/f'))).toBe('kept');
  await engine.ok(cli, 'volume', 'rm', `vm-${cli}`);
});

each('named volumes live on, and are held by their containers', async (cli, engine) => {
  const name = `data-${cli}`;
  expect(await engine.ok(cli, 'volume', 'create', '--label', 'a=b', name)).toBe(name);
  await engine.ok(cli, 'run', '--name', 'holder', '-v', `${name}:/data`, ...sh('echo 1 > /data/x'));
  const held = await engine.run(cli, ['volume', 'rm', name]);
  expect(held.code).toBe(1);
  expect(held.stderr).toContain('volume is in use');
  await engine.ok(cli, 'rm', '-v', 'holder');
  expect(await engine.ok(cli, 'run', '--rm', '-v', `${name}:/data`, ...sh('cat /data/x'))).toBe('1');
  expect(await engine.ok(cli, 'volume', 'inspect', '-f', '{{.Labels.a}} {{.Driver}} {{.Scope}}', name)).toBe(
    'b local local',
  );
  expect(await engine.ok(cli, 'volume', 'rm', name)).toBe(name);
  expect((await engine.run(cli, ['volume', 'inspect', name])).stderr).toMatch(/no such volume/i);
});

each('a fresh volume starts with what the image has there', async (cli, engine) => {
  const name = `copy-${cli}`;
  const listing = await engine.ok(
    cli,
    'run',
    '--rm',
    '-v',
    `${name}:/etc`,
    ...sh('cat /etc/passwd | wc -l; stat -c %a /etc'),
  );
  expect(listing).toBe('4\n755');
  expect(
    await engine.ok(
      cli,
      'run',
      '--rm',
      '--mount',
      `type=volume,src=${name}-2,dst=/etc,volume-nocopy`,
      ...sh('test -e /etc/passwd || echo none'),
    ),
  ).toBe('none');
  await engine.ok(cli, 'volume', 'rm', name, `${name}-2`);
});

each('volumes from another container', async (cli, engine) => {
  await engine.ok(cli, 'create', '--name', 'vc_data', '-v', '/shared', 'busybox');
  await engine.ok(cli, 'run', '--rm', '--volumes-from', 'vc_data', ...sh('echo shared > /shared/f'));
  expect(await engine.ok(cli, 'run', '--rm', '--volumes-from', 'vc_data:ro', ...sh('cat /shared/f'))).toBe(
    'shared',
  );
  const readonly = await engine.run(cli, [
    'run',
    '--rm',
    '--volumes-from',
    'vc_data:ro',
    ...sh('touch /shared/g'),
  ]);
  expect(readonly.stderr).toContain('Read-only file system');
  await engine.ok(cli, 'rm', '-v', 'vc_data');
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).toBe('');
});

each('a link in the image cannot lead a mount out of the container', async (cli, engine) => {
  const image = `evil-${cli}`;
  const tar = join(engine.directory, `${image}.tar`);
  const canary = join(engine.directory, `canary-${cli}`);
  mkdirSync(canary);
  const made = Bun.spawnSync([
    'sh',
    '-c',
    `d=$(mktemp -d) && cd $d && tar -xf /var/cache/gantry-test/busybox.tar && ln -s ${canary} escape && ln -s ../../../..${canary} relative && tar -cf ${tar} . && rm -rf $d`,
  ]);
  expect(made.exitCode).toBe(0);
  await engine.ok('docker', 'import', tar, image);
  for (const target of ['/escape/x', '/relative/y', '/escape'])
    await engine.run(cli, [
      'run',
      '--rm',
      '--tmpfs',
      target,
      '-v',
      `/tmp:${target}/deep`,
      image,
      '/bin/true',
    ]);
  expect(new Bun.Glob('**').scanSync({ cwd: canary }).next().done).toBe(true);
  await engine.ok('docker', 'rmi', image);
});

each('what inspect says of mounts', async (cli, engine) => {
  const id = await engine.ok(cli, 'create', '-v', '/tmp:/b:ro', '-v', `seen-${cli}:/v`, 'busybox');
  const format = '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}} {{.Name}}\n{{end}}';
  const lines = (await engine.ok(cli, 'inspect', '-f', format, id)).split('\n').sort();
  expect(lines).toEqual(
    ['bind /b false', `volume /v true seen-${cli}`].map((line) => expect.stringContaining(line)),
  );
  await engine.ok(cli, 'rm', id);
  await engine.ok(cli, 'volume', 'rm', `seen-${cli}`);
});
