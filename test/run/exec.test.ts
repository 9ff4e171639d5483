import { expect } from 'bun:test';
import { readFileSync } from 'node:fs';
import { command, eventually } from '../rig/command.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();
const target = 'target';

async function ensure(engine: TestEngine): Promise<void> {
  const running = await engine.run('docker', ['inspect', target]);
  if (running.code !== 0)
    await engine.ok('docker', 'run', '-d', '--name', target, '-e', 'A=container', 'busybox', 'sleep', '600');
}

each('output, errors and code', async (cli, engine) => {
  await ensure(engine);
  const result = await engine.run(cli, ['exec', target, 'sh', '-c', 'echo out; echo err >&2; exit 3']);
  expect(result).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
});

each('stdin to its end', async (cli, engine) => {
  await ensure(engine);
  const result = await engine.run(cli, ['exec', '-i', target, 'wc', '-c'], { stdin: 'x'.repeat(1_000_000) });
  expect(result.stdout.trim()).toBe('1000000');
});

each('a megabyte each way at once', async (cli, engine) => {
  await ensure(engine);
  const data = Array.from({ length: 100_000 }, (_, i) => `line ${i}`).join('\n');
  expect((await engine.run(cli, ['exec', '-i', target, 'cat'], { stdin: data })).stdout).toBe(data);
});

each('user, environment, directory, privileges', async (cli, engine) => {
  await ensure(engine);
  expect(await engine.ok(cli, 'exec', '-u', 'www-data', target, 'id', '-u')).toBe('33');
  expect(await engine.ok(cli, 'exec', '-u', '12:34', target, 'sh', '-c', 'echo $(id -u):$(id -g)')).toBe(
    '12:34',
  );
  expect(await engine.ok(cli, 'exec', '-e', 'B=exec', target, 'sh', '-c', 'echo $A $B')).toBe(
    'container exec',
  );
  expect(await engine.ok(cli, 'exec', '-w', '/tmp', target, 'pwd')).toBe('/tmp');
  const effective = 'grep CapEff /proc/self/status';
  const plain = await engine.ok(cli, 'exec', target, 'sh', '-c', effective);
  expect(plain).toContain('00000000a80425fb');
  expect(await engine.ok(cli, 'exec', target, 'grep', 'CapInh', '/proc/self/status')).toMatch(/0{16}$/);
});

each(
  'privileged',
  async (cli, engine) => {
    await ensure(engine);
    const caps = await engine.ok(cli, 'exec', '--privileged', target, 'grep', 'CapEff', '/proc/self/status');
    // All that the daemon has itself.
    expect(readFileSync('/proc/self/status', 'utf8')).toContain(caps);
  },
  'runc gives up where the host itself lacks a capability (CAP_SYS_RESOURCE here)',
);

each('in every namespace of the container', async (cli, engine) => {
  await ensure(engine);
  const list = 'for n in pid mnt uts ipc net; do readlink /proc/$0/ns/$n; done';
  const own = await engine.ok(cli, 'exec', target, 'sh', '-c', list, 'self');
  expect(own).toBe(await engine.ok(cli, 'exec', target, 'sh', '-c', list, '1'));
});

each('detached', async (cli, engine) => {
  await ensure(engine);
  expect(await engine.ok(cli, 'exec', '-d', target, 'sh', '-c', 'echo done > /detached')).toBe('');
  await eventually(
    async () => (await engine.ok(cli, 'exec', target, 'cat', '/detached')) === 'done',
    'what it wrote',
  );
  await engine.ok(cli, 'exec', target, 'rm', '/detached');
});

each('missing and not executable commands', async (cli, engine) => {
  await ensure(engine);
  const missing = await engine.run(cli, ['exec', target, 'no-such-program']);
  // Docker 20.10 says 126; 23 and later 127.
  expect(isGantry ? [127] : [126, 127]).toContain(missing.code);
  expect(missing.stdout + missing.stderr).toContain('executable file not found in $PATH');
  expect((await engine.run(cli, ['exec', target, '/etc/passwd'])).code).toBe(126);
  const user = await engine.run(cli, ['exec', '-u', 'nobody-here', target, 'id']);
  expect(user.code).not.toBe(0);
  expect(user.stdout + user.stderr).toContain('unable to find user nobody-here');
});

each('the code of a process ended by a signal', async (cli, engine) => {
  await ensure(engine);
  expect((await engine.run(cli, ['exec', target, 'sh', '-c', 'kill -TERM $$'])).code).toBe(143);
});

each('a terminal', async (cli, engine) => {
  await ensure(engine);
  const inner = engine
    .argv(cli, ['exec', '-it', target, 'sh', '-c', 'sleep 0.5; tty; stty size'])
    .join("' '");
  const script = `stty rows 33 cols 77; '${inner}'`;
  const result = await command(['script', '-qec', script, '/dev/null'], { stdin: '' });
  expect(result.stdout).toContain('/dev/pts/');
  expect(result.stdout).toContain('33 77');
});

once('a hundred at once', async (engine) => {
  await ensure(engine);
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, i) => engine.run('docker', ['exec', target, 'echo', `${i}`])),
  );
  expect(all.map((result) => result.stdout.trim())).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
});
