import { expect } from 'bun:test';
import { isGantry } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();

each('unknown command: 127', async (cli, engine) => {
  const result = await engine.run(cli, ['run', '--rm', 'busybox', 'no-such-program']);
  expect(result.code).toBe(127);
  expect(result.stderr).toContain('exec: "no-such-program": executable file not found in $PATH');
  const path = await engine.run(cli, ['run', '--rm', 'busybox', '/no/such']);
  expect(path.code).toBe(127);
  expect(path.stderr).toContain('no such file or directory');
});

each('not executable: 126', async (cli, engine) => {
  const result = await engine.run(cli, ['run', '--rm', 'busybox', '/etc/passwd']);
  expect(result.code).toBe(126);
  expect(result.stderr).toContain('permission denied');
  expect((await engine.run(cli, ['run', '--rm', 'busybox', '/etc'])).code).toBe(126);
});

each('unknown image: 125', async (cli, engine) => {
  const result = await engine.run(cli, ['run', '--rm', '--pull', 'never', 'no-such-image', 'true']);
  expect(result.code).toBe(125);
  expect(result.stderr).toContain('No such image: no-such-image:latest');
});

each('unknown container', async (cli, engine) => {
  for (const verb of [
    'start',
    'stop',
    'kill',
    'rm',
    'logs',
    'pause',
    'unpause',
    'restart',
    'top',
    'attach',
    'port',
  ]) {
    const result = await engine.run(cli, [verb, 'nobody']);
    expect([verb, result.code]).toEqual([verb, 1]);
    expect(result.stderr).toContain('No such container: nobody');
  }
  expect((await engine.run(cli, ['exec', 'nobody', 'true'])).stderr).toContain('No such container: nobody');
});

each('names', async (cli, engine) => {
  const bad = await engine.run(cli, ['create', '--name', 'a b', 'busybox']);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain('Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed');
  await engine.ok(cli, 'create', '--name', 'taken', 'busybox');
  const taken = await engine.run(cli, ['run', '--name', 'taken', 'busybox']);
  expect(taken.code).toBe(125);
  expect(taken.stderr).toMatch(
    /Conflict\. The container name "\/taken" is already in use by container "?[0-9a-f]{64}"?\. You have to remove \(or rename\) that container to be able to reuse that name\./,
  );
  await engine.ok(cli, 'rm', 'taken');
});

each('flags', async (cli, engine) => {
  const unknown = await engine.run(cli, ['run', '--no-such-flag', 'busybox']);
  expect(unknown.code).toBe(125);
  expect(unknown.stderr).toContain('unknown flag: --no-such-flag');
  expect((await engine.run(cli, ['run', '-m', 'lots', 'busybox'])).code).toBe(125);
  expect((await engine.run(cli, ['run', '-m', '1m', 'busybox'])).stderr).toContain(
    'Minimum memory limit allowed is 6MB',
  );
  expect((await engine.run(cli, ['run', '-p', 'x:y', 'busybox'])).code).toBe(125);
  expect((await engine.run(cli, ['run', '-v', 'relative/path:/x', 'busybox'])).code).toBe(125);
  expect((await engine.run(cli, ['run', '--rm', '--restart', 'always', 'busybox'])).code).toBe(125);
  expect((await engine.run(cli, ['run', '--cap-add', 'NOPE', 'busybox'])).stderr).toContain('NOPE');
  expect((await engine.run(cli, ['run'])).stderr).toContain('requires at least 1 argument');
});

each('unknown user', async (cli, engine) => {
  const result = await engine.run(cli, ['run', '--rm', '-u', 'nobody-here', 'busybox', 'id']);
  expect(result.code).toBe(125);
  expect(result.stderr).toContain('unable to find user nobody-here: no matching entries in passwd file');
});

each('a start that fails says why and can be tried again', async (cli, engine) => {
  await engine.ok(cli, 'create', '--name', 'broken', 'busybox', 'nothing-here');
  for (let round = 0; round < 2; round++) {
    const result = await engine.run(cli, ['start', 'broken']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('executable file not found in $PATH');
  }
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.ExitCode}} {{.State.Running}}', 'broken')).toBe(
    '127 false',
  );
  await engine.ok(cli, 'rm', 'broken');
});

each('mounts that cannot be', async (cli, engine) => {
  const bind = await engine.run(cli, [
    'run',
    '--rm',
    '--mount',
    'type=bind,src=/no/such/dir,dst=/x',
    'busybox',
    'true',
  ]);
  expect(bind.code).toBe(125);
  expect(bind.stderr).toContain('bind source path does not exist: /no/such/dir');
  const root = await engine.run(cli, ['run', '--rm', '-v', '/tmp:/', 'busybox', 'true']);
  expect(root.code).toBe(125);
  expect(root.stderr).toContain("destination can't be '/'");
  const twice = await engine.run(cli, ['run', '--rm', '-v', '/tmp:/x', '-v', '/var:/x', 'busybox', 'true']);
  expect(twice.stderr).toContain('Duplicate mount point: /x');
});

each('stopped containers', async (cli, engine) => {
  await engine.ok(cli, 'create', '--name', 'idle', 'busybox', 'true');
  expect((await engine.run(cli, ['exec', 'idle', 'true'])).stderr).toMatch(
    /container [0-9a-f]+ is not running/i,
  );
  expect((await engine.run(cli, ['kill', 'idle'])).stderr).toMatch(/is not running/);
  expect((await engine.run(cli, ['stop', 'idle'])).code).toBe(0);
  expect((await engine.run(cli, ['pause', 'idle'])).stderr).toMatch(/is not running/);
  await engine.ok(cli, 'rm', 'idle');
});

once('HTTP: garbage in, clear errors out', async (engine) => {
  const post = async (path: string, body: string, type = 'application/json') => {
    const response = await engine.api(path, { method: 'POST', body, headers: { 'Content-Type': type } });
    const text = await response.text();
    return { status: response.status, message: JSON.parse(text).message as string };
  };
  // Docker 20.10 answers 500 here; 23 and later 400.
  expect([400, 500]).toContain((await post('/v1.41/containers/create', '{garbage')).status);
  if (isGantry) expect((await post('/v1.41/containers/create', '{garbage')).status).toBe(400);
  expect((await post('/v1.41/containers/create', '{} {}')).status).toBe(400);
  expect((await post('/v1.41/containers/create', '{}', 'text/plain')).status).toBe(400);
  expect((await post('/v1.41/containers/create', '{"Image":"no-such-image"}')).status).toBe(404);
  expect(
    (await post('/v1.41/containers/create', '{"Image":"busybox","HostConfig":{"Memory":1}}')).status,
  ).toBe(400);
  if (isGantry) expect((await post('/v1.41/containers/nobody/wait?condition=sometime', '')).status).toBe(400);
  // 500 in Docker 20.10, 400 since.
  expect(isGantry ? [400] : [400, 500]).toContain(
    (await engine.api('/v1.41/containers/json?filters=garbage')).status,
  );
  expect((await engine.api('/v1.41/containers/json?filters={"no-such":["x"]}')).status).toBe(400);
  expect((await engine.api('/v1.41/no/such/path')).status).toBe(404);
  expect((await engine.api('/v9.99/containers/json')).status).toBe(400);
  expect((await engine.api('/v1.0/containers/json')).status).toBe(400);
  expect(await (await engine.api('/_ping')).text()).toBe('OK');
});

once('HTTP: an oversized body is refused and the daemon lives', async (engine) => {
  const response = await engine.api('/v1.41/containers/create', {
    method: 'POST',
    body: `{"Image":"busybox","Labels":{"x":"${'x'.repeat(32 << 20)}"}}`,
    headers: { 'Content-Type': 'application/json' },
  });
  if (isGantry) expect(response.status).toBeGreaterThanOrEqual(400);
  await response.text();
  expect(await (await engine.api('/_ping')).text()).toBe('OK');
  const id = response.status === 201 ? await engine.ok('docker', 'ps', '-aq') : '';
  if (id) await engine.ok('docker', 'rm', id);
});

once('a malformed tar is refused and leaves no image', async (engine) => {
  const before = await engine.ok('docker', 'images', '-aq');
  const load = await engine.run('docker', ['load'], { stdin: 'this is not a tar'.repeat(1000) });
  expect(load.code).toBe(1);
  const truncated = (await Bun.file('/var/cache/gantry-test/busybox.tar').bytes()).slice(0, 700_000);
  const imported = await engine.run('docker', ['import', '-', 'half:1'], { stdin: truncated });
  expect(imported.code).toBe(1);
  expect(await engine.ok('docker', 'images', '-aq')).toBe(before);
});
