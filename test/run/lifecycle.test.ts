import { expect } from 'bun:test';
import { eventually } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

each('run prints what the container prints and leaves with its code', async (cli, engine) => {
  const result = await engine.run(cli, [
    'run',
    '--rm',
    'busybox',
    'sh',
    '-c',
    'echo out; echo err >&2; exit 7',
  ]);
  expect(result).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  expect(await engine.ok(cli, 'ps', '-aq')).toBe('');
});

each('a signal that kills process 1 makes the code 128 + n', async (cli, engine) => {
  expect(
    (await engine.run(cli, ['run', '--rm', 'busybox', 'sh', '-c', 'kill -9 $$; sleep 1; exit 3'])).code,
  ).toBe(3);
  const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sleep', '60');
  await engine.ok(cli, 'kill', id);
  expect(await engine.ok(cli, 'wait', id)).toBe('137');
  await engine.ok(cli, 'rm', id);
});

each('create, start, stop, start again, remove', async (cli, engine) => {
  const id = await engine.ok(
    cli,
    'create',
    '--name',
    'life',
    'busybox',
    'sh',
    '-c',
    'trap "exit 5" TERM; sleep 60 & wait',
  );
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  const status = () => engine.ok(cli, 'inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'life');
  expect(await status()).toBe('created 0');
  expect(await engine.ok(cli, 'start', 'life')).toBe('life');
  expect(await status()).toBe('running 0');
  expect(await engine.ok(cli, 'stop', 'life')).toBe('life');
  expect(await status()).toBe('exited 5');
  await engine.ok(cli, 'start', 'life');
  expect(await status()).toBe('running 0');
  const running = await engine.run(cli, ['rm', 'life']);
  expect(running.code).toBe(1);
  expect(running.stderr).toMatch(/container is running|cannot remove a running container/);
  expect(await engine.ok(cli, 'rm', '-f', 'life')).toBe('life');
  expect((await engine.run(cli, ['inspect', 'life'])).code).toBe(1);
});

each('stop kills after its timeout what ignores the signal', async (cli, engine) => {
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'deaf',
    'busybox',
    'sh',
    '-c',
    'trap "" TERM; while :; do sleep 0.1; done',
  );
  const before = Date.now();
  await engine.ok(cli, 'stop', '-t', '1', 'deaf');
  expect(Date.now() - before).toBeGreaterThan(900);
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.ExitCode}}', 'deaf')).toBe('137');
  await engine.ok(cli, 'rm', 'deaf');
});

each('stop sends the stop signal of the container', async (cli, engine) => {
  const script = 'trap "exit 9" USR1; echo ready; while :; do sleep 0.05; done';
  await engine.ok(cli, 'run', '-d', '--name', 'usr1', '--stop-signal', 'USR1', 'busybox', 'sh', '-c', script);
  await eventually(() => engine.ok(cli, 'logs', 'usr1'), 'it is ready');
  await engine.ok(cli, 'stop', 'usr1');
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.ExitCode}}', 'usr1')).toBe('9');
  await engine.ok(cli, 'rm', 'usr1');
});

each('restart gives a new process in the same container', async (cli, engine) => {
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'again',
    'busybox',
    'sh',
    '-c',
    'echo hi >> /seen; exec sleep 60',
  );
  const pid = () => engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', 'again');
  const first = await pid();
  await engine.ok(cli, 'restart', '-t', '0', 'again');
  expect(await pid()).not.toBe(first);
  const seen = () => engine.ok(cli, 'exec', 'again', 'cat', '/seen');
  await eventually(async () => (await seen()).includes('hi\nhi'), 'the second process');
  expect(await seen()).toBe('hi\nhi');
  await engine.ok(cli, 'rm', '-f', 'again');
});

each('pause stops the clock of a container', async (cli, engine) => {
  const script = 'i=0; while :; do i=$((i+1)); echo $i > /n; sleep 0.05; done';
  await engine.ok(cli, 'run', '-d', '--name', 'still', 'busybox', 'sh', '-c', script);
  expect(await engine.ok(cli, 'pause', 'still')).toBe('still');
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Status}} {{.State.Paused}}', 'still')).toBe(
    'paused true',
  );
  const exec = await engine.run(cli, ['exec', 'still', 'true']);
  expect(exec.code).toBe(1);
  expect(exec.stderr).toContain('is paused');
  expect((await engine.run(cli, ['pause', 'still'])).stderr).toContain('is already paused');
  await engine.ok(cli, 'unpause', 'still');
  const first = Number(await engine.ok(cli, 'exec', 'still', 'cat', '/n'));
  // The file is empty for the moment between its truncation and the number.
  const later = async () => Number(await engine.ok(cli, 'exec', 'still', 'cat', '/n'));
  await eventually(async () => (await later()) > first, 'the clock goes on');
  expect((await engine.run(cli, ['unpause', 'still'])).stderr).toContain('is not paused');
  await engine.ok(cli, 'rm', '-f', 'still');
});

each('rename', async (cli, engine) => {
  await engine.ok(cli, 'create', '--name', 'old', 'busybox');
  await engine.ok(cli, 'create', '--name', 'other', 'busybox');
  await engine.ok(cli, 'rename', 'old', 'new');
  expect(await engine.ok(cli, 'ps', '-a', '--filter', 'name=new', '--format', '{{.Names}}')).toBe('new');
  const taken = await engine.run(cli, ['rename', 'new', 'other']);
  expect(taken.code).toBe(1);
  expect(taken.stderr).toContain('is already in use by container');
  await engine.ok(cli, 'rm', 'new', 'other');
});

each('wait answers for running, ended and removed containers', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'awaited', 'busybox', 'sh', '-c', 'sleep 0.3; exit 4');
  expect(await engine.ok(cli, 'wait', 'awaited')).toBe('4');
  expect(await engine.ok(cli, 'wait', 'awaited')).toBe('4');
  await engine.ok(cli, 'rm', 'awaited');
  const gone = await engine.run(cli, ['wait', 'awaited']);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain('No such container: awaited');
});

each('--rm removes the container and its anonymous volumes, not named ones', async (cli, engine) => {
  await engine.ok(cli, 'run', '--rm', '-v', '/anonymous', '-v', `keep-${cli}:/named`, 'busybox', 'true');
  await eventually(async () => (await engine.ok(cli, 'ps', '-aq')) === '', 'the container is removed');
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).toBe(`keep-${cli}`);
  await engine.ok(cli, 'volume', 'rm', `keep-${cli}`);
});

each('--restart on-failure tries as often as it was told', async (cli, engine) => {
  const script = 'echo try >> /tries; exit 1';
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'stubborn',
    '--restart',
    'on-failure:2',
    'busybox',
    'sh',
    '-c',
    script,
  );
  const format = '{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}}';
  const state = () => engine.ok(cli, 'inspect', '-f', format, 'stubborn');
  await eventually(async () => (await state()) === 'exited 2 1', 'it gives up');
  // Not once more.
  await Bun.sleep(1000);
  expect(await engine.ok(cli, 'inspect', '-f', format, 'stubborn')).toBe('exited 2 1');
  await engine.ok(cli, 'rm', 'stubborn');
});

each('--restart always comes back until it is stopped', async (cli, engine) => {
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'phoenix',
    '--restart',
    'always',
    'busybox',
    'sh',
    '-c',
    'echo up; sleep 0.1',
  );
  const restarts = () => engine.ok(cli, 'inspect', '-f', '{{.RestartCount}}', 'phoenix');
  await eventually(async () => Number(await restarts()) > 1, 'it comes back');
  await engine.ok(cli, 'stop', 'phoenix');
  const count = await restarts();
  await Bun.sleep(500);
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Status}} {{.RestartCount}}', 'phoenix')).toBe(
    `exited ${count}`,
  );
  await engine.ok(cli, 'rm', 'phoenix');
});

each('--cidfile', async (cli, engine) => {
  const file = `${engine.directory}/${cli}.cid`;
  const id = await engine.ok(cli, 'run', '-d', '--cidfile', file, 'busybox', 'true');
  expect(await Bun.file(file).text()).toBe(id);
  const again = await engine.run(cli, ['run', '--cidfile', file, 'busybox', 'true']);
  expect(again.code).toBe(125);
  await engine.ok(cli, 'wait', id);
  await engine.ok(cli, 'rm', id);
});

each('container prune removes what does not run', async (cli, engine) => {
  const dead = await engine.ok(cli, 'create', '--label', 'prune=me', 'busybox');
  const alive = await engine.ok(cli, 'run', '-d', '--label', 'prune=me', 'busybox', 'sleep', '60');
  const printed = await engine.ok(cli, 'container', 'prune', '-f', '--filter', 'label=prune=me');
  expect(printed).toContain(dead);
  expect(printed).toContain('Total reclaimed space:');
  expect(await engine.ok(cli, 'ps', '-aq', '--no-trunc', '--filter', 'label=prune=me')).toBe(alive);
  await engine.ok(cli, 'rm', '-f', alive);
});
