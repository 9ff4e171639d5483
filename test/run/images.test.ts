import { expect } from 'bun:test';
import { join } from 'node:path';
import { command, succeed } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

each('images, tag, inspect, history, rmi', async (cli, engine) => {
  await engine.ok(cli, 'tag', 'busybox', 'localhost:5000/team/box:1.0');
  const format = '{{.Repository}}:{{.Tag}}';
  expect(await engine.ok(cli, 'images', '--format', format, 'localhost:5000/team/box')).toBe(
    'localhost:5000/team/box:1.0',
  );
  const id = (name: string) => engine.ok(cli, 'inspect', '-f', '{{.Id}}', '--type', 'image', name);
  expect(await id('localhost:5000/team/box:1.0')).toBe(await id('busybox'));
  expect(await engine.ok(cli, 'image', 'inspect', '-f', '{{.Os}} {{.Config.Cmd}}', 'busybox')).toBe(
    'linux [sh]',
  );
  expect((await engine.ok(cli, 'history', 'busybox')).split('\n').length).toBe(2);
  expect(await engine.ok(cli, 'rmi', 'localhost:5000/team/box:1.0')).toContain(
    'Untagged: localhost:5000/team/box:1.0',
  );
  expect((await engine.run(cli, ['image', 'inspect', 'localhost:5000/team/box:1.0'])).code).toBe(1);
});

each('an image in use is kept', async (cli, engine) => {
  await engine.ok(cli, 'tag', 'busybox', 'used:1');
  const container = await engine.ok(cli, 'create', 'used:1');
  const result = await engine.run(cli, ['rmi', 'busybox', 'used:1']);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('is using its referenced image');
  await engine.ok(cli, 'rm', container);
  await engine.ok('docker', 'tag', 'used:1', 'busybox:latest');
  await engine.ok(cli, 'rmi', 'used:1');
});

each('save and load: the same image again', async (cli, engine) => {
  const tar = join(engine.directory, `saved-${cli}.tar`);
  await engine.ok(cli, 'tag', 'busybox', `saved-${cli}:1`);
  const id = await engine.ok(cli, 'inspect', '-f', '{{.Id}}', `saved-${cli}:1`);
  await engine.ok(cli, 'save', '-o', tar, `saved-${cli}:1`);
  await engine.ok(cli, 'rmi', `saved-${cli}:1`);
  expect(await engine.ok(cli, 'load', '-i', tar)).toContain(`Loaded image: saved-${cli}:1`);
  expect(await engine.ok(cli, 'inspect', '-f', '{{.Id}}', `saved-${cli}:1`)).toBe(id);
  expect(await succeed(['skopeo', 'inspect', '--raw', `docker-archive:${tar}`])).toContain('schemaVersion');
  const zipped = await command(['sh', '-c', `gzip -k ${tar}; zstd -q ${tar}`]);
  expect(zipped.code).toBe(0);
  await engine.ok(cli, 'rmi', `saved-${cli}:1`);
  expect(await engine.ok(cli, 'load', '-q', '-i', `${tar}.gz`)).toContain(`saved-${cli}:1`);
  await engine.ok(cli, 'rmi', `saved-${cli}:1`);
});

each('save to stdout, load from stdin', async (cli, engine) => {
  await engine.ok(cli, 'tag', 'busybox', `piped-${cli}:1`);
  const line = `'${engine.argv(cli, ['save', `piped-${cli}:1`]).join("' '")}' | '${engine.argv(cli, ['load']).join("' '")}'`;
  expect(await succeed(['sh', '-c', line])).toContain(`Loaded image: piped-${cli}:1`);
  await engine.ok(cli, 'rmi', `piped-${cli}:1`);
});

each('import with changes, run it', async (cli, engine) => {
  const changes = [
    '--change',
    'CMD ["echo", "from cmd"]',
    '--change',
    'ENV A=b',
    '--change',
    'WORKDIR /tmp',
    '-m',
    'a note',
  ];
  const stdin = Bun.file('/var/cache/gantry-test/busybox.tar').stream();
  const imported = await engine.run(cli, ['import', ...changes, '-', `imported-${cli}:x`], { stdin });
  expect(imported.stdout.trim()).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await engine.ok(cli, 'run', '--rm', `imported-${cli}:x`)).toBe('from cmd');
  expect(await engine.ok(cli, 'run', '--rm', `imported-${cli}:x`, 'sh', '-c', 'echo $A; pwd')).toBe(
    'b\n/tmp',
  );
  expect(await engine.ok(cli, 'history', '--format', '{{.Comment}}', `imported-${cli}:x`)).toBe('a note');
  await engine.ok(cli, 'rmi', `imported-${cli}:x`);
});

each(
  'an OCI layout made by skopeo',
  async (cli, engine) => {
    const directory = join(engine.directory, `oci-${cli}`);
    const saved = join(engine.directory, `for-skopeo-${cli}.tar`);
    await engine.ok(cli, 'save', '-o', saved, 'busybox');
    const policy = ['--insecure-policy'];
    await succeed([
      'skopeo',
      ...policy,
      'copy',
      '-q',
      `docker-archive:${saved}`,
      `oci-archive:${directory}.tar:again:${cli}`,
    ]);
    const loaded = await engine.ok(cli, 'load', '-i', `${directory}.tar`);
    expect(loaded).toMatch(/Loaded image/);
    const name = loaded.split(': ')[1] ?? '';
    expect(await engine.ok(cli, 'run', '--rm', name, 'echo', 'works')).toBe('works');
    await engine.ok(cli, 'rmi', '-f', name);
  },
  'Docker 20.10 loads docker archives only',
);

each('layers keep modes, owners, links, times, devices and attributes', async (cli, engine) => {
  const tar = join(engine.directory, `odd-${cli}.tar`);
  const script = `set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; tar -xf /var/cache/gantry-test/busybox.tar
    mkdir odd; echo x > odd/file; ln odd/file odd/hard; ln -s file odd/soft; mknod odd/null c 1 3; mkfifo odd/fifo
    chown 12:34 odd/file; chmod 4751 odd/file; touch -d '2001-02-03 04:05:06' odd/file; setfattr -n user.note -v yes odd/file 2>/dev/null || true
    mkdir -m 2770 odd/dir; tar --xattrs --numeric-owner -cf ${tar} .`;
  await succeed(['sh', '-c', script]);
  await engine.ok(cli, 'import', tar, `odd-${cli}`);
  const show =
    'cd /odd; stat -c "%a %u:%g %h %Y" file; readlink soft; stat -c "%F %t:%T" null; stat -c %F fifo; stat -c %a dir; [ file -ef hard ] && echo same';
  const output = await engine.ok(cli, 'run', '--rm', `odd-${cli}`, 'sh', '-c', show);
  const time = new Date('2001-02-03T04:05:06').getTime() / 1000;
  expect(output).toBe(`4751 12:34 2 ${time}\nfile\ncharacter special file 1:3\nfifo\n2770\nsame`);
  await engine.ok(cli, 'rmi', `odd-${cli}`);
});

each('unknown images', async (cli, engine) => {
  for (const args of [
    ['rmi', 'nothing'],
    ['tag', 'nothing', 'x:1'],
    ['save', 'nothing'],
    ['history', 'nothing'],
  ]) {
    const result = await engine.run(cli, args);
    expect([args[0], result.code]).toEqual([args[0], 1]);
    expect(result.stderr).toMatch(/No such image: nothing|reference does not exist/);
  }
  expect((await engine.run(cli, ['tag', 'busybox', 'UPPER:1'])).stderr).toContain('lowercase');
});
