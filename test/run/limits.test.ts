import { expect } from 'bun:test';
import { existsSync } from 'node:fs';
import { eventually, firstLine } from '../rig/command.ts';
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

each('swap: counted with memory by the flag and by v1, apart by v2', async (cli, engine) => {
  const show = limit('memory/memory.memsw.limit_in_bytes', 'memory.swap.max');
  const swap = async (...flags: string[]) =>
    await engine.ok(cli, 'run', '--rm', '-m', '64m', ...flags, ...show);
  expect(await swap('--memory-swap', '96m')).toBe(`${(v2 ? 32 : 96) << 20}`);
  expect(await swap('--memory-swap', '64m')).toBe(`${(v2 ? 0 : 64) << 20}`);
  expect(await swap()).toBe(`${(v2 ? 64 : 128) << 20}`);
  expect(await swap('--memory-swap', '-1')).toMatch(v2 ? /^max$/ : /^9223372036854771712$/);
});

each('memory reservation, and swappiness, which v2 has not', async (cli, engine) => {
  const show = limit('memory/memory.soft_limit_in_bytes', 'memory.low');
  expect(await engine.ok(cli, 'run', '--rm', '--memory-reservation', '32m', ...show)).toBe(`${32 << 20}`);
  const swappiness = ['run', '--rm', '--memory-swappiness', '10', 'busybox'];
  const result = await engine.run(cli, [
    ...swappiness,
    ...(v2 ? ['true'] : limit('memory/memory.swappiness', '').slice(1)),
  ]);
  expect(result.code).toBe(0);
  if (v2) expect(result.stderr).toContain('Your kernel does not support memory swappiness capabilities');
  else expect(result.stdout.trim()).toBe('10');
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

each('out of memory in a child: an event, and process 1 goes on', async (cli, engine) => {
  // The kernel chooses whom it kills: the child offers itself.
  const script =
    '(echo 1000 > /proc/self/oom_score_adj; x=$(head -c 100000000 /dev/zero | tr "\\0" x); echo "$x" | wc -c); echo rest $?; exec sleep 60';
  const limits = ['-m', '32m', '--memory-swap', '32m'];
  const events = Bun.spawn(
    engine.argv(cli, [
      'events',
      '--since',
      `${Date.now() / 1000}`,
      '--filter',
      'event=oom',
      '--format',
      '{{.Action}} {{.ID}}',
    ]),
    { stdout: 'pipe' },
  );
  const id = await engine.ok(cli, 'run', '-d', ...limits, 'busybox', 'sh', '-c', script);
  expect(await firstLine(events.stdout)).toBe(`oom ${id}`);
  events.kill();
  await eventually(async () => (await engine.ok(cli, 'logs', id)).endsWith('rest 137'), 'process 1 goes on');
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Status}}', id)).toBe('running');
  await engine.ok(cli, 'rm', '-f', id);
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
  expect(await read('memory/memory.memsw.limit_in_bytes', 'memory.swap.max')).toBe(
    `${(v2 ? 32 : 128) << 20}`,
  );
  expect(await read('pids/pids.max', 'pids.max')).toBe('33');
  expect(await read('cpu/cpu.cfs_quota_us', 'cpu.max')).toBe(v2 ? '25000 100000' : '25000');
  const format = '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}';
  expect(await engine.ok(cli, 'inspect', '-f', format, 'sized')).toBe(`${96 << 20} 33 on-failure`);
  await engine.ok(
    cli,
    'update',
    '--memory-swap',
    '256m',
    '--pids-limit',
    '-1',
    '-c',
    '2048',
    '--cpuset-cpus',
    '1',
    'sized',
  );
  expect(await read('memory/memory.memsw.limit_in_bytes', 'memory.swap.max')).toBe(
    `${(v2 ? 160 : 256) << 20}`,
  );
  expect(await read('pids/pids.max', 'pids.max')).toBe('max');
  expect(await read('cpu/cpu.shares', 'cpu.weight')).toBe(v2 ? '174' : '2048');
  expect(await read('cpuset/cpuset.cpus', 'cpuset.cpus')).toBe('1');
  await engine.ok(cli, 'restart', '-t', '0', 'sized');
  expect(await read('memory/memory.limit_in_bytes', 'memory.max')).toBe(`${96 << 20}`);
  expect(await read('cpuset/cpuset.cpus', 'cpuset.cpus')).toBe('1');
  await engine.ok(cli, 'rm', '-f', 'sized');
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
  await eventually(async () => (await engine.ok(cli, 'top', 'topped')).includes('sleep 77'), 'the child');
  const plain = await engine.ok(cli, 'top', 'topped');
  expect(plain.split('\n')[0]).toMatch(/^UID +PID +PPID +C +STIME +TTY +TIME +CMD/);
  const chosen = await engine.ok(cli, 'top', 'topped', '-o', 'pid,args');
  expect(chosen.split('\n')[0]).toMatch(/^PID +COMMAND/);
  await engine.ok(cli, 'rm', '-f', 'topped');
});
