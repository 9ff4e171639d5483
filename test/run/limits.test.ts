import { expect } from 'bun:test';
import { existsSync } from 'node:fs';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const v2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
/** Reads a limit of the container's own cgroup, whichever version the host has. */
const limit = (one: string, two: string) => ['busybox', 'cat', `/sys/fs/cgroup/${v2 ? two : one}`];

each('memory', async (cli, engine) => {
  const bytes = await engine.ok(
    cli,
    'run',
    '--rm',
    '-m',
    '64m',
    ...limit('memory/memory.limit_in_bytes', 'memory.max'),
  );
  expect(bytes).toBe(`${64 << 20}`);
});

each('cpu', async (cli, engine) => {
  const quota = await engine.ok(
    cli,
    'run',
    '--rm',
    '--cpus',
    '0.5',
    ...limit('cpu/cpu.cfs_quota_us', 'cpu.max'),
  );
  expect(quota).toBe(v2 ? '50000 100000' : '50000');
  const shares = await engine.ok(cli, 'run', '--rm', '-c', '512', ...limit('cpu/cpu.shares', 'cpu.weight'));
  expect(shares).toBe(v2 ? '59' : '512');
  const set = await engine.ok(
    cli,
    'run',
    '--rm',
    '--cpuset-cpus',
    '0',
    ...limit('cpuset/cpuset.cpus', 'cpuset.cpus'),
  );
  expect(set).toBe('0');
});

each('pids', async (cli, engine) => {
  expect(
    await engine.ok(cli, 'run', '--rm', '--pids-limit', '20', ...limit('pids/pids.max', 'pids.max')),
  ).toBe('20');
  const script = 'for i in $(seq 40); do sleep 1 & done; wait';
  const result = await engine.run(cli, ['run', '--rm', '--pids-limit', '20', 'busybox', 'sh', '-c', script]);
  expect(result.stderr).toContain("can't fork");
});

each('out of memory: killed, and known to be', async (cli, engine) => {
  const script = 'x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo "$x" | wc -c';
  const run = await engine.run(cli, [
    'run',
    '--name',
    'greedy',
    '-m',
    '32m',
    '--memory-swap',
    '32m',
    'busybox',
    'sh',
    '-c',
    script,
  ]);
  expect(run.code).toBe(137);
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.OOMKilled}}', 'greedy')).toBe('true');
  await engine.ok(cli, 'rm', 'greedy');
});

each('update while it runs', async (cli, engine) => {
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'sized',
    '-m',
    '64m',
    '--memory-swap',
    '128m',
    'busybox',
    'sleep',
    '60',
  );
  await engine.ok(
    cli,
    'update',
    '-m',
    '96m',
    '--pids-limit',
    '33',
    '--cpus',
    '0.25',
    '--restart',
    'on-failure:3',
    'sized',
  );
  const read = (one: string, two: string) => engine.ok(cli, 'exec', 'sized', ...limit(one, two).slice(1));
  expect(await read('memory/memory.limit_in_bytes', 'memory.max')).toBe(`${96 << 20}`);
  expect(await read('pids/pids.max', 'pids.max')).toBe('33');
  const format = '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}';
  expect(await engine.ok(cli, 'inspect', '-f', format, 'sized')).toBe(`${96 << 20} 33 on-failure`);
  await engine.ok(cli, 'rm', '-f', 'sized');
});

each('block io', async (cli, engine) => {
  const device = (await new Response(Bun.spawn(['findmnt', '-no', 'SOURCE', '/']).stdout).text()).trim();
  if (!device.startsWith('/dev/')) return;
  const rate = ['--device-write-bps', `${device}:1mb`];
  const shown = await engine.ok(
    cli,
    'run',
    '--rm',
    ...rate,
    ...limit('blkio/blkio.throttle.write_bps_device', 'io.max'),
  );
  expect(shown).toContain('1048576');
});

each('stats, once', async (cli, engine) => {
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'busy',
    '-m',
    '64m',
    'busybox',
    'sh',
    '-c',
    'while :; do :; done',
  );
  const format = '{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}|{{.PIDs}}';
  const [name, cpu, memory, pids] = (
    await engine.ok(cli, 'stats', '--no-stream', '--format', format, 'busy')
  ).split('|');
  expect(name).toBe('busy');
  expect(Number.parseFloat(cpu ?? '')).toBeGreaterThan(10);
  expect(memory).toMatch(/iB \/ 64MiB$/);
  expect(pids).toBe('1');
  await engine.ok(cli, 'rm', '-f', 'busy');
});

each('top', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'topped', 'busybox', 'sh', '-c', 'sleep 77 & sleep 78');
  await Bun.sleep(100);
  const plain = await engine.ok(cli, 'top', 'topped');
  expect(plain.split('\n')[0]).toMatch(/^UID +PID +PPID +C +STIME +TTY +TIME +CMD/);
  expect(plain).toContain('sleep 77');
  const chosen = await engine.ok(cli, 'top', 'topped', '-o', 'pid,args');
  expect(chosen.split('\n')[0]).toMatch(/^PID +COMMAND/);
  await engine.ok(cli, 'rm', '-f', 'topped');
});
