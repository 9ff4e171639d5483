/** Where files are: mounts, containers that do not run, what may not be written, and the API itself. */
import { expect } from 'bun:test';
import { eventually } from '../rig/command.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';
import { removed, Workbench } from './cp.rig.ts';

const { each, once } = suite();

const states = ['created', 'running', 'paused', 'exited'] as const;

async function bring(engine: TestEngine, container: string, state: (typeof states)[number]): Promise<void> {
  if (state === 'created') return;
  await engine.ok('docker', 'start', container);
  if (state === 'paused') await engine.ok('docker', 'pause', container);
  if (state === 'exited') await engine.ok('docker', 'kill', container);
}

for (const state of states)
  each(`root, volume, bind and engine files of one that is ${state}`, async (cli, engine) => {
    const work = new Workbench(engine, cli);
    await work.sh(
      'mkdir bound; echo b >bound/file; echo new >new; mkdir -p tree/deep; echo d >tree/deep/file',
    );
    const c = await engine.ok(
      'docker',
      ...['create', '--name', `${state}-${cli}`, '-v', `vol-${state}-${cli}:/v`],
      ...['-v', `${work.path}/bound:/b`, 'busybox', 'sleep', '1000'],
    );
    await bring(engine, c, state);
    for (const directory of ['/root', '/v', '/b']) {
      expect(await work.cp('new', `${c}:${directory}`)).toBe('');
      expect(await work.cp('tree', `${c}:${directory}`)).toBe('');
      expect(await work.cp(`${c}:${directory}/tree/deep/file`, 'back')).toBe('');
      expect(await work.cp(`${c}:${directory}`, 'whole')).toBe('');
      expect(await work.sh('cat back whole/new whole/tree/deep/file; rm -r back whole')).toBe('d\nnew\nd');
    }
    expect(await work.sh('cat bound/new bound/file')).toBe('new\nb');
    if (state !== 'created') {
      expect(await work.cp(`${c}:/etc/hosts`, 'hosts')).toBe('');
      expect(await work.sh('cat hosts')).toContain('127.0.0.1');
    }
    expect(await engine.ok('docker', 'inspect', '-f', '{{.State.Status}}', c)).toBe(state);
    if (state === 'paused') await engine.ok('docker', 'unpause', c);
    else await engine.run('docker', ['start', c]);
    expect(await work.inside(c, 'cat /root/new /v/new /b/tree/deep/file')).toBe('new\nnew\nd');
    await removed(engine, c);
    await engine.ok('docker', 'volume', 'rm', `vol-${state}-${cli}`);
  });

each('read-only', async (cli, engine) => {
  const work = new Workbench(engine, cli);
  await work.sh('echo new >new');
  const options = ['--read-only', '-v', `ro-${cli}:/ro:ro`, '-v', `rw-${cli}:/rw`, '--name', `ro-${cli}`];
  const c = await engine.ok('docker', 'create', ...options, 'busybox', 'sleep', '1000');
  for (const state of ['created', 'running'] as const) {
    await bring(engine, c, state);
    const said = (text: string) => `Error response from daemon: ${text} [1]`;
    expect(await work.cp('new', `${c}:/`)).toBe(said('container rootfs is marked read-only'));
    expect(await work.cp('new', `${c}:/ro`)).toBe(said('mounted volume is marked read-only'));
    expect(await work.cp('new', `${c}:/rw`)).toBe('');
    expect(await work.cp(`${c}:/rw/new`, 'again')).toBe('');
  }
  await removed(engine, c);
  await engine.ok('docker', 'volume', 'rm', `ro-${cli}`, `rw-${cli}`);
});

each(
  'a tmpfs of a running container',
  async (cli, engine) => {
    const work = new Workbench(engine, cli);
    await work.sh('echo new >new');
    const c = await engine.ok('docker', 'run', '-d', '--tmpfs', '/scratch', 'busybox', 'sleep', '1000');
    expect(await work.cp('new', `${c}:/scratch`)).toBe('');
    expect(await work.inside(c, 'cat /scratch/new')).toBe('new');
    expect(await work.cp(`${c}:/scratch/new`, 'back')).toBe('');
    await removed(engine, c);
  },
  'Docker sees no mounts of the container itself and writes beneath them',
);

each('diff', async (cli, engine) => {
  const work = new Workbench(engine, cli);
  const c = await engine.ok(
    'docker',
    ...['create', '--name', `diff-${cli}`, '-v', '/vol', 'busybox', 'sh', '-ec'],
    'mkdir -p /a/b; echo 1 >/a/b/c; echo x >>/etc/passwd; rm -r /var/spool; rm -r /usr; mkdir /usr; echo 1 >/usr/new; echo 1 >/vol/x',
  );
  const changes = async () => (await work.run('diff', c)).split('\n').sort();
  const own = (lines: string[]) => lines.filter((line) => !/ \/(vol|dev|proc|sys|\.dockerenv)/.test(line));
  expect(own(await changes()).filter((line) => line !== '')).toEqual([]);
  await engine.ok('docker', 'start', '-a', c);
  const expected = [
    'A /a',
    'A /a/b',
    'A /a/b/c',
    'A /usr/new',
    'C /etc',
    'C /etc/passwd',
    'C /usr',
    'C /var',
  ];
  expect(own(await changes())).toEqual([...expected, 'D /usr/bin', 'D /var/spool']);
  expect(await work.run('diff', 'nope')).toBe('Error response from daemon: No such container: nope [1]');
  expect(await work.run('diff', '')).toBe('Container name cannot be empty [1]');
  await removed(engine, c);
});

each('export', async (cli, engine) => {
  const work = new Workbench(engine, cli);
  const c = await engine.ok(
    'docker',
    ...['run', '-d', '--name', `export-${cli}`, '-v', '/vol', '--tmpfs', '/scratch', 'busybox', 'sh', '-c'],
    'echo 1 >/vol/x; echo 1 >/scratch/x; ln /etc/passwd /again; echo 1 >/done; sleep 1000',
  );
  const names = 'tar tf x.tar | grep -v "^bin/.\\|^dev/\\|^.dockerenv\\|mtab" | sort | tr "\\n" " "';
  await eventually(async () => (await work.inside(c, 'ls /')).includes('done'), 'the files are there');
  for (const state of ['running', 'exited'] as const) {
    if (state === 'exited') await engine.ok('docker', 'kill', c);
    expect(await work.run('export', '-o', 'x.tar', c)).toBe('');
    expect(await work.sh(names)).toBe(
      'again bin/ done etc/ etc/group etc/hostname etc/hosts etc/passwd etc/resolv.conf proc/ root/ scratch/ sys/ tmp/ usr/ usr/bin/ var/ var/spool/ vol/',
    );
    expect(await work.sh('stat -c %a x.tar; tar tvf x.tar again etc/passwd | grep -c "link to"')).toBe(
      '600\n1',
    );
  }
  expect(await work.sh(`${engine.argv(cli, ['export', c]).join(' ')} | tar tf - etc/group`)).toBe(
    'etc/group',
  );
  const failed = 'failed to export container:';
  expect(await work.run('export', '-o', 'no/x', c)).toBe(
    `${failed} invalid output path: stat no: no such file or directory [1]`,
  );
  expect(await work.run('export', '-o', '.', c)).toBe(`${failed} cannot write to a directory [1]`);
  expect(await work.run('export', '-o', '/dev/null', c)).toBe(
    `${failed} cannot write to a character device file [1]`,
  );
  expect(await work.run('export', 'nope')).toBe('Error response from daemon: No such container: nope [1]');
  await removed(engine, c);
});

once('the status of a path', async (engine) => {
  const c = await engine.ok(
    'docker',
    'create',
    '--name',
    'status',
    'busybox',
    'sh',
    '-c',
    'ln -s ../etc/./x /root/l',
  );
  await engine.ok('docker', 'start', '-a', c);
  const head = (path: string) =>
    engine.api(`/containers/status/archive?path=${encodeURIComponent(path)}`, { method: 'HEAD' });
  const status = async (path: string) => {
    const header = (await head(path)).headers.get('x-docker-container-path-stat') ?? '';
    return JSON.parse(Buffer.from(header, 'base64').toString());
  };
  expect(await status('/etc/passwd')).toMatchObject({ name: 'passwd', mode: 0o644, linkTarget: '' });
  expect((await status('/etc/passwd')).mtime).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/);
  expect(await status('/tmp')).toMatchObject({ name: 'tmp', mode: 2148532735 });
  expect(await status('/tmp/.')).toMatchObject({ name: '.', mode: 2148532735 });
  expect(await status('/')).toMatchObject({ name: '/', mode: 2147484141 });
  expect(await status('root/l')).toMatchObject({ name: 'l', mode: 134218239, linkTarget: '/etc/x' });
  expect((await head('/nope')).status).toBe(404);
  expect((await head('')).status).toBe(400);
  await removed(engine, c);
});

once('archives are compressed for clients that ask for it', async (engine) => {
  const c = await engine.ok('docker', 'create', 'busybox');
  for (const encoding of ['gzip', 'deflate', 'identity']) {
    const response = await engine.api(`/containers/${c}/archive?path=/etc/passwd`, {
      headers: { 'Accept-Encoding': encoding },
    });
    expect(response.headers.get('content-type')).toBe('application/x-tar');
    expect((await response.text()).startsWith('passwd\0')).toBe(true);
  }
  await removed(engine, c);
});

const put = (engine: TestEngine, container: string, query: string, body: Uint8Array<ArrayBuffer>) =>
  engine.api(`/containers/${container}/archive?${query}`, { method: 'PUT', body });

once('refusals of PUT', async (engine) => {
  const work = new Workbench(engine, 'docker');
  await work.sh('echo x >passwd; tar cf a.tar passwd; tar -P --transform "s,^,../../," -cf up.tar passwd');
  const bytes = async (name: string) => Bun.file(`${work.path}/${name}`).bytes();
  const c = await engine.ok('docker', 'create', '--read-only', '-v', '/vol', '--name', 'refusals', 'busybox');
  const answer = async (query: string, name = 'a.tar') => {
    const response = await put(engine, c, query, await bytes(name));
    const text = await response.text();
    return [response.status, text === '' ? '' : JSON.parse(text).message];
  };
  const status = (documented: number) => (isGantry ? documented : 500);
  expect(await answer('path=/vol')).toEqual([200, '']);
  expect(await answer('path=/')).toEqual([status(403), 'container rootfs is marked read-only']);
  expect(await answer('path=/etc/passwd')).toEqual([status(400), 'extraction point is not a directory']);
  expect(await answer('path=/nope')).toEqual([404, `Could not find the file /nope in container ${c}`]);
  expect(await answer('')).toEqual([400, 'bad parameter: pathcannot be empty']);
  const [code, text] = await answer('path=/vol', 'up.tar');
  expect(code).toBe(500);
  expect(text).toEndWith('"../../passwd" is outside of "/vol"');
  await removed(engine, c);
});

once('events', async (engine) => {
  const since = Math.floor(Date.now() / 1000) - 1;
  const work = new Workbench(engine, 'docker');
  await work.sh('echo x >x');
  const c = await engine.ok('docker', 'create', 'busybox');
  await work.cp('x', `${c}:/`);
  await work.cp(`${c}:/x`, 'y');
  await work.run('export', '-o', 'z', c);
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const filters = ['--filter', `container=${c}`, '--format', '{{.Action}}'];
  const list = await engine.ok('docker', 'events', '--since', String(since), '--until', until, ...filters);
  expect(list.split('\n')).toEqual(['create', 'extract-to-dir', 'archive-path', 'export']);
  await removed(engine, c);
});
