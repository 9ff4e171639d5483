/** Volumes: what goes into a fresh one, --volumes-from, VOLUME of images, subpaths, tmpfs. */
import { expect } from 'bun:test';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const newer = 'Docker 20.10 has not got it';

/** An image of busybox with something done to its root by a shell script. */
async function imageWith(engine: TestEngine, name: string, script: string, changes: string[] = []) {
  const tar = join(engine.directory, `${name}.tar`);
  const steps = `set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; tar -xf ${busyboxTar}; ${script}; tar --xattrs --xattrs-include='*' --numeric-owner -cf ${tar} .`;
  await succeed(['sh', '-c', steps]);
  await engine.ok('docker', 'import', ...changes.flatMap((change) => ['--change', change]), tar, name);
}

const pathOf = (engine: TestEngine, volume: string) =>
  engine.ok('docker', 'volume', 'inspect', '-f', '{{.Mountpoint}}', volume);

const data = `mkdir -p data/deep; echo 1 > data/file; chown 33:7 data/file; chmod 4750 data/file; ln data/file data/deep/second
  ln -s ../file data/deep/link; chown -h 5:6 data/deep/link; mkfifo data/pipe; chmod 622 data/pipe; mkdir -m 1777 data/sticky
  touch -d '2001-02-03 04:05:06Z' data/file data/deep; setfattr -n user.a -v b data/file; chown 11:12 data; chmod 2711 data`;

each('a fresh volume is what the image has there, to the letter', async (cli, engine) => {
  const image = `data-${cli}`;
  await imageWith(engine, image, data);
  await engine.ok(cli, 'create', '--name', 'filler', '-v', `full-${cli}:/data`, image, 'true');
  const path = await pathOf(engine, `full-${cli}`);
  const facts = await succeed([
    'sh',
    '-ec',
    `cd ${path}; stat -c '%n %F %a %u:%g %h %Y' . file deep/second deep/link pipe sticky | sed 's/ [0-9]*$//;1s/ [0-9]*$//'
     stat -c %Y file; test file -ef deep/second && echo same; readlink deep/link; getfattr -n user.a --only-values file`,
  ]);
  expect(facts.split('\n')).toEqual([
    '. directory 2711 11:12',
    'file regular file 4750 33:7 2',
    'deep/second regular file 4750 33:7 2',
    'deep/link symbolic link 777 5:6 1',
    'pipe fifo 622 0:0 1',
    'sticky directory 1777 0:0 2',
    '981173106',
    'same',
    '../file',
    'b',
  ]);
  await engine.ok(cli, 'rm', 'filler');
  await engine.ok(cli, 'volume', 'rm', `full-${cli}`);
  await engine.ok(cli, 'rmi', image);
});

each('only while it is empty, and only when it should', async (cli, engine) => {
  const [used, bare] = [`used-${cli}`, `bare-${cli}`];
  const list = (...options: string[]) => engine.ok(cli, 'run', '--rm', ...options, ...sh('ls -A /var'));
  await engine.ok(cli, 'run', '--rm', '-v', `${used}:/v`, ...sh('echo mine > /v/mine'));
  expect(await list('-v', `${used}:/var`)).toBe('mine');
  expect(await list('-v', `${bare}:/var:nocopy`)).toBe('');
  expect(await list('--mount', `type=volume,src=${bare},dst=/var,volume-nocopy`)).toBe('');
  expect(await list('-v', `${bare}:/var`)).toBe('spool');
  await engine.ok(cli, 'volume', 'rm', used, bare);
});

each(
  'many containers that use a fresh volume at once find it whole',
  async (cli, engine) => {
    const name = `rush-${cli}`;
    const list = ['run', '--rm', '-v', `${name}:/bin`, 'busybox', 'sh', '-c', 'ls /bin | wc -l'];
    const expected = await engine.ok(cli, 'run', '--rm', ...sh('ls /bin | wc -l'));
    const results = await Promise.all(Array.from({ length: 6 }, () => engine.run(cli, list)));
    expect(results.map(({ code, stdout, stderr }) => [code, stdout.trim(), stderr])).toEqual(
      results.map(() => [0, expected, '']),
    );
    await engine.ok(cli, 'volume', 'rm', name);
  },
  'Docker copies into the same volume several times at once, and some of them fail',
);

each('--volumes-from several, which one wins, and what can be changed', async (cli, engine) => {
  await engine.ok(cli, 'create', '--name', 'one', '-v', 'first:/a', '-v', '/tmp:/host:ro', 'busybox');
  await engine.ok(cli, 'create', '--name', 'two', '-v', 'second:/a', '-v', '/anon', 'busybox');
  const all = ['--volumes-from', 'one:z', '--volumes-from', 'two:ro'];
  const id = await engine.ok(cli, 'create', ...all, '-v', 'third:/third', 'busybox');
  const format = '{{range .Mounts}}{{.Destination}} {{.Name}} {{.RW}} {{printf "%q" .Mode}}\n{{end}}';
  const anonymous = await engine.ok(
    cli,
    'inspect',
    '-f',
    '{{range .Mounts}}{{.Destination}} {{.Name}}\n{{end}}',
    'two',
  );
  const [, anon = ''] = /^\/anon (\w+)$/m.exec(anonymous) ?? [];
  expect((await engine.ok(cli, 'inspect', '-f', format, id)).split('\n').sort()).toEqual([
    '/a second false ""',
    `/anon ${anon} false ""`,
    '/host  false ""',
    '/third third true "z"',
  ]);
  await engine.ok(cli, 'rm', id);
  const override = await engine.ok(
    cli,
    'run',
    '--rm',
    '--volumes-from',
    'two',
    '-v',
    'third:/a',
    ...sh('grep -c " /a " /proc/mounts'),
  );
  expect(override).toBe('1');
  await engine.ok(cli, 'rm', '-v', 'one', 'two');
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).toBe('first\nsecond\nthird');
  await engine.ok(cli, 'volume', 'rm', 'first', 'second', 'third');
  const nobody = await engine.run(cli, ['run', '--rm', '--volumes-from', 'nobody', 'busybox']);
  expect(nobody.stderr).toContain('No such container: nobody');
});

once('VOLUME of an image: made, named over, and with a path that climbs (CVE-2022-23648)', async (engine) => {
  await imageWith(engine, 'volumes', 'mkdir data; echo packed > data/f', [
    'VOLUME /data',
    'VOLUME /../../etc',
  ]);
  const run = (...args: string[]) => engine.ok('docker', 'run', '--rm', ...args);
  expect(await run('volumes', 'cat', '/data/f')).toBe('packed');
  expect(await run('volumes', 'sh', '-c', 'wc -l < /etc/passwd')).toBe('4');
  expect(await run('-v', 'over:/data', 'volumes', 'cat', '/data/f')).toBe('packed');
  expect(await run('-v', '/tmp:/data:ro', 'volumes', 'sh', '-c', 'grep -c " /data " /proc/mounts')).toBe('1');
  expect(await run('--tmpfs', '/data', 'volumes', 'ls', '/data')).toBe('');
  expect(await engine.ok('docker', 'volume', 'ls', '-q')).toBe('over');
  await engine.ok('docker', 'volume', 'rm', 'over');
  await imageWith(engine, 'overfile', 'true', ['VOLUME /etc/passwd']);
  const file = await engine.run('docker', ['run', '--rm', 'overfile', 'true']);
  expect(file.stderr).toContain('cannot mount volume over existing file, file exists');
  expect(await engine.ok('docker', 'volume', 'ls', '-q')).toBe('');
  await engine.ok('docker', 'rmi', 'volumes', 'overfile');
});

each(
  'a part of a volume',
  async (cli, engine) => {
    const name = `parts-${cli}`;
    const script =
      'mkdir -p /v/a/b /v/empty; echo ab > /v/a/b/f; ln -s a/b /v/in; ln -s /etc /v/abs; ln -s ../../.. /v/up';
    await engine.ok(cli, 'run', '--rm', '-v', `${name}:/v`, ...sh(script));
    const part = (subpath: string, target = '/m', more = '') =>
      engine.run(cli, [
        'run',
        '--rm',
        '--mount',
        `type=volume,src=${name},dst=${target},volume-subpath=${subpath}${more}`,
        ...sh(`ls -A ${target}; cat ${target}/f 2>/dev/null`),
      ]);
    for (const inside of ['a/b', 'in', 'a/../a/b', './a/b'])
      expect([inside, (await part(inside)).stdout]).toEqual([inside, 'f\nab\n']);
    for (const outside of ['abs', 'up', 'up/etc'])
      expect([outside, (await part(outside)).stderr]).toEqual([
        outside,
        expect.stringContaining('path concatenation escapes the base directory'),
      ]);
    const missing = await part('a/none');
    expect(missing.stderr).toMatch(/cannot access path \S+\/_data\/a\/none: .*no such file or directory/);
    expect(missing.code).toBe(127);
    const file = ['--mount', `type=volume,src=${name},dst=/f,volume-subpath=a/b/f,readonly`];
    const read = await engine.run(cli, ['run', '--rm', ...file, ...sh('cat /f; echo x > /f')]);
    expect([read.stdout, read.stderr]).toEqual(['ab\n', expect.stringContaining('Read-only file system')]);
    // What the image has goes into the part that is mounted, when that is empty.
    expect((await part('empty', '/var', ',volume-nocopy')).stdout).toBe('');
    expect((await part('empty', '/var')).stdout).toBe('spool\n');
    expect(await engine.ok(cli, 'run', '--rm', '-v', `${name}:/v`, ...sh('ls -A /v'))).toBe(
      'a\nabs\nempty\nin\nup',
    );
    await engine.ok(cli, 'volume', 'rm', name);
  },
  newer,
);

each('driver options and labels of a volume that --mount makes', async (cli, engine) => {
  const name = `options-${cli}`;
  const mount = `type=volume,src=${name},dst=/v,volume-label=a=b,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=1m,mode=711"`;
  expect(
    await engine.ok(cli, 'run', '--rm', '--mount', mount, ...sh('grep " /v " /proc/mounts; stat -c %a /v')),
  ).toMatch(/tmpfs \/v tmpfs rw,.*size=1024k.*mode=711.*\n711/);
  const format = '{{.Labels.a}} {{.Options.o}} {{.Driver}}';
  expect(await engine.ok(cli, 'volume', 'inspect', '-f', format, name)).toBe('b size=1m,mode=711 local');
  await engine.ok(cli, 'volume', 'rm', name);
  // Docker's status for it is that of a missing image: the command lines then try to pull one.
  const unknown = 'type=volume,dst=/v,volume-driver=nodriver';
  expect((await engine.run(cli, ['run', '--rm', '--mount', unknown, ...sh('true')])).code).toBe(125);
});

each('tmpfs: size, mode, options', async (cli: Cli, engine: TestEngine) => {
  const options = (...flags: string[]) =>
    engine.ok(cli, 'run', '--rm', ...flags, ...sh('grep " /t " /proc/mounts; stat -c %a /t'));
  const plain = await options('--mount', 'type=tmpfs,dst=/t');
  expect(plain).toMatch(/tmpfs \/t tmpfs rw,nosuid,nodev,noexec,relatime.*\n1777/);
  expect(await options('--mount', 'type=tmpfs,dst=/t,tmpfs-size=64k,tmpfs-mode=0750,readonly')).toMatch(
    /tmpfs \/t tmpfs ro,nosuid,nodev,noexec,relatime,size=64k,mode=750.*\n750/,
  );
  expect(await options('--tmpfs', '/t:exec,suid,size=1m,mode=700,uid=5')).toMatch(
    /tmpfs \/t tmpfs rw,nodev,relatime,size=1024k,mode=700,uid=5.*\n700/,
  );
  const bad = await engine.run(cli, ['run', '--rm', '--tmpfs', '/t:foo', 'busybox']);
  expect(bad.code).toBe(125);
});
