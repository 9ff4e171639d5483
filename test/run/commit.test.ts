import { expect } from 'bun:test';
import { join } from 'node:path';
import { eventually, succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { debian } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();

const gone = (engine: TestEngine, ...containers: string[]) => engine.ok('docker', 'rm', '-f', ...containers);

/** A container that has run a script to its end. */
async function changed(engine: TestEngine, script: string, options: string[] = []): Promise<string> {
  const container = await engine.ok('docker', 'create', ...options, 'busybox', 'sh', '-ec', script);
  await engine.ok('docker', 'start', '-a', container);
  return container;
}

const inImage = (engine: TestEngine, image: string, script: string) =>
  engine.ok('docker', 'run', '--rm', image, 'sh', '-ec', script);

async function inspect(engine: TestEngine, image: string, format: string): Promise<string> {
  return engine.ok('docker', 'image', 'inspect', '-f', format, image);
}

async function members(engine: TestEngine, image: string): Promise<string[]> {
  const directory = join(engine.directory, `saved-${image}`);
  await succeed(['mkdir', directory]);
  await engine.ok('docker', 'save', '-o', `${directory}.tar`, image);
  await succeed(['tar', '-C', directory, '-xf', `${directory}.tar`]);
  const [{ Layers }] = (await Bun.file(join(directory, 'manifest.json')).json()) as [{ Layers: string[] }];
  const list = await succeed(['tar', '-tf', join(directory, Layers.at(-1) ?? '')]);
  return list.trim().split('\n').sort();
}

each('what was added, changed and deleted', async (cli, engine) => {
  const base = await changed(
    engine,
    `mkdir -p /d/e /gone/deep /replaced /kept; echo 1 > /d/e/f; echo 1 > /gone/deep/f; echo 1 > /file; echo 1 > /kept/f
     echo 1 > /replaced/old; echo 1 > /linked; echo 1 > /mode; ln -s mode /soft; mkdir /again; echo 1 > /again/old`,
  );
  await engine.ok(cli, 'commit', base, `base-${cli}`);
  const container = await engine.ok(
    'docker',
    'create',
    `base-${cli}`,
    'sh',
    '-ec',
    `echo 2 > /d/e/f; echo new > /d/new; rm -r /gone; rm /file; mkdir /file; echo 2 > /file/inside; rm -r /replaced; echo 2 > /replaced
     ln /linked /hard; chmod 4711 /mode; rm /soft; ln -s d /soft; rm -r /again; mkdir /again; echo 2 > /again/new; mknod /null c 1 3; mkfifo /fifo`,
  );
  await engine.ok('docker', 'start', '-a', container);
  await engine.ok(cli, 'commit', container, `top-${cli}`);
  expect(await members(engine, `top-${cli}`)).toEqual(
    [
      ...['.wh.gone', 'again/', 'again/.wh..wh..opq', 'again/new', 'd/', 'd/e/', 'd/e/f', 'd/new', 'fifo'],
      ...['file/', 'file/.wh..wh..opq', 'file/inside', 'hard', 'linked', 'mode', 'null', 'replaced', 'soft'],
    ].sort(),
  );
  const show = `cat /d/e/f /d/new /file/inside /replaced /kept/f; ls /gone 2>&1 || true; ls /again; stat -c %a /mode; readlink /soft
    [ /linked -ef /hard ] && stat -c %h /hard; stat -c '%F %t:%T' /null; stat -c %F /fifo`;
  expect(await inImage(engine, `top-${cli}`, show)).toBe(
    `2\nnew\n2\n2\n1\nls: /gone: No such file or directory\nnew\n4711\nd\n2\ncharacter special file 1:3\nfifo`,
  );
  await gone(engine, base, container);
  await engine.ok(cli, 'rmi', `top-${cli}`, `base-${cli}`);
});

each('nothing changed: no layer, but a line of history', async (cli, engine) => {
  const container = await changed(engine, 'true');
  const id = await engine.ok(cli, 'container', 'commit', '-m', 'nothing', container);
  expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await inspect(engine, id, '{{json .RootFS.Layers}}')).toBe(
    await inspect(engine, 'busybox', '{{json .RootFS.Layers}}'),
  );
  expect(
    await engine.ok(cli, 'history', '--format', '{{.CreatedBy}}|{{.Size}}|{{.Comment}}', id),
  ).toStartWith('sh -ec true|0B|nothing\n');
  await gone(engine, container);
  await engine.ok(cli, 'rmi', id);
});

each('volumes, tmpfs and the files of the engine are not part of it', async (cli, engine) => {
  const options = ['-v', '/volume', '--tmpfs', '/scratch', '-v', `${engine.directory}:/host`, '-h', 'named'];
  const container = await changed(engine, 'echo 1 > /volume/f; echo 1 > /scratch/f; hostname', options);
  await engine.ok(cli, 'commit', container, `mounts-${cli}`);
  expect(await members(engine, `mounts-${cli}`)).toEqual(['host/', 'scratch/', 'volume/']);
  await engine.ok('docker', 'rm', '-v', container);
  await engine.ok(cli, 'rmi', `mounts-${cli}`);
});

/** cap_net_raw+ep, as capabilities(7) stores it (VFS_CAP_REVISION_2). */
const netRaw = '0x0100000200200000000000000000000000000000';

each('a capability', async (cli, engine) => {
  await debian(engine);
  const id = await engine.ok(
    'docker',
    ...['run', '-d', 'debian:bookworm', 'sh', '-ec'],
    'cp /bin/true /with; chmod 755 /with; sleep 1000',
  );
  await eventually(
    async () => (await engine.run('docker', ['exec', id, 'test', '-x', '/with'])).code === 0,
    'the file is there',
  );
  const pid = await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', id);
  await succeed(['setfattr', '-n', 'security.capability', '-v', netRaw, `/proc/${pid}/root/with`]);
  await engine.ok(cli, 'commit', id, `capable-${cli}`);
  await gone(engine, id);
  const again = await engine.ok('docker', 'run', '-d', `capable-${cli}`, 'sleep', '1000');
  const other = await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', again);
  const shown = [
    'getfattr',
    '--absolute-names',
    '-n',
    'security.capability',
    '-e',
    'hex',
    `/proc/${other}/root/with`,
  ];
  expect(await succeed(shown)).toContain(netRaw);
  await gone(engine, again);
  await engine.ok(cli, 'rmi', `capable-${cli}`);
});

each('the configuration comes along', async (cli, engine) => {
  const container = await engine.ok(
    'docker',
    ...['create', '-e', 'A=1', '-l', 'x=y', '-u', 'nobody', '-w', '/tmp', '--expose', '81', '-v', '/data'],
    ...['--stop-signal', 'SIGINT', '--health-cmd', 'true', '--entrypoint', 'echo', 'busybox', 'one', 'two'],
  );
  await engine.ok(
    cli,
    'commit',
    '--author',
    'me <me@example.org>',
    '--message',
    'a note',
    container,
    `kept-${cli}:1`,
  );
  expect(await inspect(engine, `kept-${cli}:1`, '{{.Author}}|{{.Comment}}|{{.Os}}|{{.Parent}}')).toBe(
    `me <me@example.org>|a note|linux|${await inspect(engine, 'busybox', '{{.Id}}')}`,
  );
  const config = JSON.parse(await inspect(engine, `kept-${cli}:1`, '{{json .Config}}'));
  expect(config).toMatchObject({
    User: 'nobody',
    WorkingDir: '/tmp',
    Entrypoint: ['echo'],
    Cmd: ['one', 'two'],
    ExposedPorts: { '81/tcp': {} },
    Volumes: { '/data': {} },
    Labels: { x: 'y' },
    Healthcheck: { Test: ['CMD-SHELL', 'true'] },
  });
  expect(config.Env).toContain('A=1');
  expect(await engine.ok(cli, 'run', '--rm', `kept-${cli}:1`)).toBe('one two');
  expect(
    (await engine.ok(cli, 'history', '--format', '{{.CreatedBy}}', `kept-${cli}:1`)).split('\n')[0],
  ).toBe('one two');
  await engine.ok('docker', 'rm', '-v', container);
  await engine.ok(cli, 'rmi', `kept-${cli}:1`);
});

const changes: [change: string[], config: Record<string, unknown>][] = [
  [['CMD ["x", "y"]'], { Entrypoint: ['sleep'], Cmd: ['x', 'y'] }],
  [['ENTRYPOINT ["/e"]'], { Entrypoint: ['/e'], Cmd: undefined }],
  [['CMD ["c"]', 'ENTRYPOINT ["/e"]'], { Entrypoint: ['/e'], Cmd: ['c'] }],
  [['ENTRYPOINT []'], { Entrypoint: ['sleep'], Cmd: ['1'] }],
  [['ENV A=2 B=3'], { Env: ['A=2', 'B=3'] }],
  [['EXPOSE 80 53/udp'], { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
  [['LABEL a=b'], { Labels: { a: 'b', own: 'label' } }],
  [['USER www-data'], { User: 'www-data' }],
  [['VOLUME /v'], { Volumes: { '/v': {} } }],
  [['WORKDIR /w'], { WorkingDir: '/w' }],
  [['ONBUILD RUN x'], { OnBuild: ['RUN x'] }],
  [['HEALTHCHECK --interval=5s CMD true'], { Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 5e9 } }],
];

each('--change of each instruction', async (cli, engine) => {
  const container = await engine.ok(
    'docker',
    ...['create', '-e', 'A=1', '-l', 'own=label', '--entrypoint', 'sleep', 'busybox', '1'],
  );
  for (const [change, expected] of changes) {
    const flags = change.flatMap((text) => ['-c', text]);
    const id = await engine.ok(cli, 'commit', ...flags, container);
    const config = JSON.parse(await inspect(engine, id, '{{json .Config}}')) as Record<string, unknown>;
    for (const key of Object.keys(expected))
      expect([change, key, config[key] ?? null]).toEqual([change, key, expected[key] ?? null]);
    await engine.ok(cli, 'rmi', id);
  }
  await gone(engine, container);
});

each('a container that runs is paused meanwhile, and only then', async (cli, engine) => {
  const container = await engine.ok('docker', 'run', '-d', 'busybox', 'sleep', '1000');
  const since = String(Date.now() / 1000);
  const id = await engine.ok(cli, 'commit', container, `paused-${cli}:1`);
  await engine.ok(cli, 'commit', '--pause=false', container);
  await engine.ok(cli, 'pause', container);
  await engine.ok(cli, 'commit', container);
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Status}}', container)).toBe('paused');
  await engine.ok(cli, 'unpause', container);
  const events = await engine.ok(
    'docker',
    ...['events', '--since', since, '--until', String(Date.now() / 1000), '-f', `container=${container}`],
    ...['--format', '{{.Action}} {{index .Actor.Attributes "imageRef"}}'],
  );
  const actions = events.split('\n').map((line) => line.trim());
  // Docker goes on after the image is made, gantry as soon as its files are read.
  expect(actions.slice(0, 3).sort()).toEqual([`commit paused-${cli}:1`, 'pause', 'unpause']);
  expect(actions[0]).toBe('pause');
  expect(actions.slice(3)).toEqual(['commit', 'pause', 'commit', 'unpause']);
  expect(await inspect(engine, `paused-${cli}:1`, '{{.Id}}')).toBe(id);
  await gone(engine, container);
  await engine.ok('docker', 'image', 'prune', '-f');
  await engine.ok(cli, 'rmi', `paused-${cli}:1`);
});

each('a name moves to the new image', async (cli, engine) => {
  const container = await changed(engine, 'echo 1 > /f');
  const first = await engine.ok(cli, 'commit', container, `moving-${cli}`);
  const second = await engine.ok(cli, 'commit', container, `moving-${cli}:latest`);
  expect(await inspect(engine, `moving-${cli}`, '{{.Id}}')).toBe(second);
  expect(await inspect(engine, first, '{{len .RepoTags}}')).toBe('0');
  await gone(engine, container);
  await engine.ok(cli, 'rmi', first, `moving-${cli}`);
});

each('an image has its children', async (cli, engine) => {
  const container = await changed(engine, 'echo 1 > /f');
  const parent = await engine.ok(cli, 'commit', container, `parent-${cli}`);
  const other = await engine.ok('docker', 'create', `parent-${cli}`);
  const child = await engine.ok(cli, 'commit', other, `child-${cli}`);
  expect(await inspect(engine, child, '{{.Parent}}')).toBe(parent);
  await gone(engine, container, other);
  const removal = await engine.run(cli, ['rmi', parent]);
  expect(removal.code).toBe(1);
  expect(removal.stderr).toContain('image has dependent child images');
  await engine.ok(cli, 'rmi', `child-${cli}`, `parent-${cli}`);
});

each('what cannot be', async (cli, engine) => {
  const container = await engine.ok('docker', 'create', 'busybox');
  const refused = async (...args: string[]) => {
    const { code, stderr } = await engine.run(cli, ['commit', ...args]);
    expect([args, code]).toEqual([args, 1]);
    return stderr.trim();
  };
  expect(await refused('nobody', 'x')).toEndWith('No such container: nobody');
  expect(await refused(container, 'BAD')).toEndWith(
    'invalid reference format: repository name (library/BAD) must be lowercase',
  );
  expect(await refused(container, `x@sha256:${'0'.repeat(64)}`)).toEndWith(
    'refusing to create a tag with a digest reference',
  );
  expect(await refused('-c', 'RUN x', container)).toMatch(/run is not a valid change command/i);
  await gone(engine, container);
});

once('a request of its own configuration: what it lacks comes from the container', async (engine) => {
  const container = await engine.ok(
    'docker',
    'create',
    '-e',
    'A=1',
    '-l',
    'own=label',
    'busybox',
    'echo',
    'hi',
  );
  const body = JSON.stringify({ Env: ['Q=1'], Labels: { z: 'y' } });
  const response = await fetch(`http://engine/v1.41/commit?container=${container}&repo=body&tag=1`, {
    method: 'POST',
    unix: engine.socket,
    headers: { 'Content-Type': 'application/json' },
    body,
  });
  expect(response.status).toBe(201);
  const { Id } = (await response.json()) as { Id: string };
  expect(await inspect(engine, 'body:1', '{{.Id}}')).toBe(Id);
  const config = JSON.parse(await inspect(engine, Id, '{{json .Config}}'));
  expect(config).toMatchObject({ Cmd: ['echo', 'hi'], Labels: { z: 'y', own: 'label' } });
  expect(config.Env).toEqual(expect.arrayContaining(['Q=1', 'A=1']));
  await gone(engine, container);
  await engine.ok('docker', 'rmi', 'body:1');
});

const readByPodman = async (engine: TestEngine) => {
  const container = await changed(
    engine,
    'rm -r /var; mkdir /ünicode; echo 1 > /ünicode/f; ln /ünicode/f /link',
  );
  await engine.ok('docker', 'commit', container, 'for-podman:1');
  const tar = join(engine.directory, 'for-podman.tar');
  await engine.ok('docker', 'save', '-o', tar, 'for-podman:1');
  const root = join(engine.directory, 'podman');
  const podman = ['podman', '--root', root, '--runroot', `${root}-run`, '--storage-driver', 'vfs'];
  await succeed([...podman, 'load', '-q', '-i', tar]);
  const mounted = (await succeed([...podman, 'image', 'mount', 'for-podman:1'])).trim();
  expect(
    await succeed(['sh', '-c', `cd ${mounted}; cat ünicode/f; stat -c %h link; ls -d var || true`]),
  ).toBe('1\n2\n');
  await succeed([...podman, 'image', 'umount', '-a']);
  await succeed([...podman, 'rmi', '-f', 'for-podman:1']);
  await gone(engine, container);
  await engine.ok('docker', 'rmi', 'for-podman:1');
};
if (Bun.which('podman')) once('podman reads the result', readByPodman);
else console.log('not run: podman reads the result: there is no podman');

/** A container whose files take a while to read, and a commit of it that has begun. */
async function longCommit(engine: TestEngine, name: string, size = '3G') {
  const script = `truncate -s ${size} /big; sleep 1000`;
  const container = await engine.ok('docker', 'run', '-d', 'busybox', 'sh', '-c', script);
  const has = ['exec', container, 'test', '-e', '/big'];
  await eventually(async () => (await engine.run('docker', has)).code === 0, 'the file is there');
  const client = Bun.spawn(engine.argv('docker', ['commit', container, name]), {
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const status = () => engine.ok('docker', 'inspect', '-f', '{{.State.Status}}', container);
  await eventually(async () => (await status()) === 'paused', 'the commit has begun');
  return { container, client, status };
}

const images = (engine: TestEngine) => engine.ok('docker', 'images', '-aq', '--no-trunc');

once(
  'the daemon dies in the middle: the container goes on, and there is no image',
  async (engine) => {
    const before = await images(engine);
    const { container, client, status } = await longCommit(engine, 'never:1');
    await engine.stopDaemon('SIGKILL');
    expect(await client.exited).toBe(1);
    await engine.startDaemon();
    expect(await status()).toBe('running');
    expect(await engine.ok('docker', 'exec', container, 'echo', 'alive')).toBe('alive');
    expect(await images(engine)).toBe(before);
    await gone(engine, container);
  },
  'the container dies with its daemon',
);

once(
  'the client goes away in the middle: the container goes on',
  async (engine) => {
    const before = await images(engine);
    const { container, client, status } = await longCommit(engine, 'never:2');
    client.kill('SIGKILL');
    await eventually(async () => (await status()) === 'running', 'the container goes on');
    expect(await images(engine)).toBe(before);
    await gone(engine, container);
  },
  'Docker finishes the image for nobody',
);

once(
  'stopped in the middle it stops; removed in the middle there is no image',
  async (engine) => {
    const stopped = await longCommit(engine, 'stopped:1', '1G');
    await engine.ok('docker', 'stop', '-t', '0', stopped.container);
    expect(await stopped.status()).toBe('exited');
    expect(await stopped.client.exited).toBe(0);
    expect(await stopped.status()).toBe('exited');
    await gone(engine, stopped.container);
    await engine.ok('docker', 'rmi', 'stopped:1');

    const removed = await longCommit(engine, 'removed:1');
    await gone(engine, removed.container);
    expect(await removed.client.exited).toBe(1);
    expect(await removed.client.stderr.text()).toContain(
      `You cannot commit container ${removed.container} which is being removed`,
    );
    expect((await engine.run('docker', ['image', 'inspect', 'removed:1'])).code).toBe(1);
  },
  'Docker waits with stop until the image is made',
);
