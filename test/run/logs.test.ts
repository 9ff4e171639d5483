import { expect } from 'bun:test';
import { suite } from '../rig/suite.ts';

const { each } = suite();

each('stdout and stderr, tail, timestamps', async (cli, engine) => {
  const script = 'for i in 1 2 3; do echo out $i; echo err $i >&2; sleep 0.05; done';
  const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sh', '-c', script);
  await engine.ok(cli, 'wait', id);
  const all = await engine.run(cli, ['logs', id]);
  expect(all).toEqual({ code: 0, stdout: 'out 1\nout 2\nout 3\n', stderr: 'err 1\nerr 2\nerr 3\n' });
  expect((await engine.run(cli, ['logs', '--tail', '2', id])).stdout).toBe('out 3\n');
  expect((await engine.run(cli, ['logs', '-n', '0', id])).stdout).toBe('');
  const stamped = await engine.run(cli, ['logs', '-t', id]);
  expect(stamped.stdout.split('\n')[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z out 1$/);
  await engine.ok(cli, 'rm', id);
});

each('since and until', async (cli, engine) => {
  const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sh', '-c', 'echo early; sleep 2; echo late');
  await engine.ok(cli, 'wait', id);
  const stamps = (await engine.run(cli, ['logs', '-t', id])).stdout
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');
  const middle = new Date(new Date(stamps[0] ?? '').getTime() + 1000).toISOString();
  expect(await engine.ok(cli, 'logs', '--since', middle, id)).toBe('late');
  expect(await engine.ok(cli, 'logs', '--until', middle, id)).toBe('early');
  await engine.ok(cli, 'rm', id);
});

each('follow ends with the container and misses nothing', async (cli, engine) => {
  const script = 'i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done; sleep 0.5; echo last';
  const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sh', '-c', script);
  const lines = (await engine.ok(cli, 'logs', '-f', id)).split('\n');
  expect(lines.length).toBe(501);
  expect(lines.at(-1)).toBe('last');
  await engine.ok(cli, 'rm', id);
});

each('long lines and bytes of every kind come back as they went in', async (cli, engine) => {
  const script =
    'yes abcdefghij | head -c 100000 | tr -d "\\n"; echo; printf "tab\\t quote\\" back\\\\ \\303\\251 <&>\\n"; printf tail';
  const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sh', '-c', script);
  await engine.ok(cli, 'wait', id);
  const { stdout } = await engine.run(cli, ['logs', id]);
  const [long, odd, tail] = stdout.split('\n');
  expect(long?.length).toBe(90910);
  expect(odd).toBe('tab\t quote" back\\ é <&>');
  expect(tail).toBe('tail');
  await engine.ok(cli, 'rm', id);
});

each('ten megabytes at once, complete at exit', async (cli, engine) => {
  const id = await engine.ok(
    cli,
    'run',
    '-d',
    '--log-opt',
    'max-size=100m',
    'busybox',
    'sh',
    '-c',
    'yes 0123456789 | head -n 1000000',
  );
  await engine.ok(cli, 'wait', id);
  const { stdout } = await engine.run(cli, ['logs', id]);
  expect(stdout.length).toBe(11_000_000);
  await engine.ok(cli, 'rm', id);
});

each('rotation keeps the newest', async (cli, engine) => {
  const options = ['--log-opt', 'max-size=100k', '--log-opt', 'max-file=2'];
  const id = await engine.ok(cli, 'run', '-d', ...options, 'busybox', 'sh', '-c', 'seq 1 20000');
  await engine.ok(cli, 'wait', id);
  const lines = (await engine.ok(cli, 'logs', id)).split('\n');
  expect(lines.at(-1)).toBe('20000');
  expect(lines.length).toBeLessThan(6000);
  expect(lines.length).toBeGreaterThan(500);
  expect(await engine.ok(cli, 'logs', '--tail', '1', id)).toBe('20000');
  await engine.ok(cli, 'rm', id);
});

each('no log driver, no logs', async (cli, engine) => {
  const id = await engine.ok(cli, 'run', '-d', '--log-driver', 'none', 'busybox', 'echo', 'hi');
  await engine.ok(cli, 'wait', id);
  const result = await engine.run(cli, ['logs', id]);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('configured logging driver does not support reading');
  await engine.ok(cli, 'rm', id);
  const unknown = await engine.run(cli, ['run', '--log-driver', 'nope', 'busybox', 'true']);
  expect(unknown.code).toBe(125);
});
