import { expect } from 'bun:test';
import { eventually, firstLine } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();

each('info and version', async (cli, engine) => {
  expect(await engine.ok(cli, 'info', '--format', '{{.OSType}} {{.Driver}}')).toMatch(
    /^linux (overlay2|vfs)$/,
  );
  expect(await engine.ok(cli, 'info')).toContain('Storage Driver:');
  expect(await engine.ok(cli, 'version', '--format', '{{.Server.Os}}/{{.Server.Arch}}')).toBe('linux/amd64');
  expect(await engine.ok(cli, 'version')).toContain('API version:');
});

each('events of a short life, replayed', async (cli, engine) => {
  const since = `${Date.now() / 1000}`;
  const id = await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    `e-${cli}`,
    '--label',
    'l=v',
    'busybox',
    'sh',
    '-c',
    'exit 3',
  );
  await engine.ok(cli, 'wait', id);
  await engine.ok(cli, 'rm', id);
  await Bun.sleep(200);
  const until = `${Date.now() / 1000}`;
  const format = '{{.Type}} {{.Action}} {{.Actor.Attributes.exitCode}}';
  const filter = ['--filter', `container=${id}`];
  const lines = await engine.ok(
    cli,
    'events',
    '--since',
    since,
    '--until',
    until,
    ...filter,
    '--format',
    format,
  );
  const seen = lines.split('\n').map((line) => line.replace('<no value>', '').trim());
  expect(seen).toEqual(['container create', 'container start', 'container die 3', 'container destroy']);
});

each('events as they happen', async (cli, engine) => {
  const child = Bun.spawn(
    engine.argv(cli, ['events', '--filter', 'event=die', '--format', '{{.Actor.Attributes.name}}']),
    { stdout: 'pipe' },
  );
  let seen = '';
  const reading = firstLine(child.stdout).then((line) => {
    seen = line;
  });
  // Nothing says when the command listens: die until it is heard.
  await eventually(async () => {
    await engine.ok(cli, 'run', '--rm', '--name', `live-${cli}`, 'busybox', 'true');
    await Promise.race([reading, Bun.sleep(300)]);
    return seen !== '';
  }, 'an event');
  child.kill();
  expect(seen).toBe(`live-${cli}`);
});

each('ps: columns, filters, quiet, last, size', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'up', '--label', 'kind=a', 'busybox', 'sleep', '60');
  await engine.run(cli, [
    'run',
    '--name',
    'down',
    '--label',
    'kind=b',
    'busybox',
    'sh',
    '-c',
    'echo 12345 > /f; exit 1',
  ]);
  const head = (await engine.ok(cli, 'ps')).split('\n')[0];
  expect(head).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
  const names = (...filters: string[]) =>
    engine.ok(cli, 'ps', '-a', ...filters.flatMap((f) => ['--filter', f]), '--format', '{{.Names}}');
  expect(await names('status=running')).toBe('up');
  expect(await names('status=exited')).toBe('down');
  expect(await names('exited=1')).toBe('down');
  expect(await names('label=kind=a')).toBe('up');
  expect(await names('ancestor=busybox')).toBe('down\nup');
  expect(await names('name=do')).toBe('down');
  expect(await engine.ok(cli, 'ps', '-l', '--format', '{{.Names}}')).toBe('down');
  expect(await engine.ok(cli, 'ps', '-a', '--filter', 'name=up', '--format', '{{.Status}}')).toMatch(/^Up /);
  expect(await engine.ok(cli, 'ps', '-a', '--filter', 'name=down', '--format', '{{.Status}}')).toMatch(
    /^Exited \(1\) /,
  );
  expect(await engine.ok(cli, 'ps', '-as', '--filter', 'name=down', '--format', '{{.Size}}')).toMatch(
    /^\d+B \(virtual \d+(\.\d+)?MB\)$/,
  );
  await engine.ok(cli, 'rm', '-f', 'up', 'down');
});

each('system df', async (cli, engine) => {
  expect((await engine.ok(cli, 'system', 'df')).split('\n')[0]).toMatch(
    /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE$/,
  );
  expect(await engine.ok(cli, 'system', 'df', '--format', '{{.Type}}')).toContain('Local Volumes');
});

each('inspect formats', async (cli, engine) => {
  const id = await engine.ok(
    cli,
    'create',
    '--name',
    'seen',
    '-e',
    'A=b',
    '-p',
    '81:80',
    '--memory',
    '100m',
    'busybox',
    'echo',
    'x y',
  );
  const format =
    '{{.Name}} {{.Path}} {{json .Args}} {{index .Config.Env 0}} {{.HostConfig.Memory}} {{.State.StartedAt}} {{len .Mounts}}';
  expect(await engine.ok(cli, 'inspect', '-f', format, 'seen')).toBe(
    '/seen echo ["x y"] A=b 104857600 0001-01-01T00:00:00Z 0',
  );
  expect(
    await engine.ok(
      cli,
      'inspect',
      '-f',
      '{{range $p, $b := .HostConfig.PortBindings}}{{$p}}={{(index $b 0).HostPort}}{{end}}',
      'seen',
    ),
  ).toBe('80/tcp=81');
  expect(JSON.parse(await engine.ok(cli, 'inspect', 'seen'))[0].Id).toBe(id);
  expect(await engine.ok(cli, 'inspect', '-f', '{{.Id}}', id.slice(0, 8))).toBe(id);
  const bad = await engine.run(cli, ['inspect', '-f', '{{.Broken', 'seen']);
  expect(bad.code).not.toBe(0);
  await engine.ok(cli, 'rm', 'seen');
});

once('the API is what each version promises', async (engine) => {
  const ping = await engine.api('/_ping', { method: 'HEAD' });
  expect(ping.headers.get('api-version')).toMatch(/^1\.\d\d$/);
  expect(ping.headers.get('ostype')).toBe('linux');
  const id = await engine.ok('docker', 'run', '-d', 'busybox', 'sleep', '60');
  for (const version of ['1.30', '1.40', '1.41']) {
    const body = (await (await engine.api(`/v${version}/containers/${id}/json`)).json()) as {
      NetworkSettings: object;
    };
    expect(body.NetworkSettings).toHaveProperty('IPAddress');
  }
  await engine.ok('docker', 'rm', '-f', id);
});
