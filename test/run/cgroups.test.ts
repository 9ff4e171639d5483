/** What cgroups do besides counting: devices, namespaces, parents, freezing, killing. The same on v1 and v2. */
import { expect } from 'bun:test';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { command, eventually } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const top = '/sys/fs/cgroup';
const v2 = existsSync(`${top}/cgroup.controllers`);

/** Directory of a process's cgroup: the unified one, or that of a v1 controller. */
function groupOf(pid: string, controller: string): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const line = lines.find((each) =>
    v2 ? each.startsWith('0::') : each.split(':')[1]?.split(',').includes(controller),
  );
  const path = line?.split(':').slice(2).join(':') ?? '';
  return v2 ? top + path : `${top}/${controller}${path}`;
}

const control = (directory: string, file: string) => readFileSync(join(directory, file), 'utf8').trim();
const processes = async (pattern: string) =>
  (await command(['pgrep', '-fx', pattern])).stdout.split('\n').filter(Boolean);

each('info says which', async (cli, engine) => {
  expect(await engine.ok(cli, 'info', '-f', '{{.CgroupVersion}} {{.CgroupDriver}}')).toBe(
    `${v2 ? 2 : 1} cgroupfs`,
  );
});

each('a device that is not allowed cannot be opened, also by exec', async (cli, engine) => {
  const open = '(: < /tmp/fuse) 2>&1; echo $?';
  const script = `mknod /tmp/fuse c 10 229; ${open}; exec sleep 60`;
  await engine.ok(cli, 'run', '-d', '--name', 'fenced', 'busybox', 'sh', '-c', script);
  const said = await eventually(() => engine.ok(cli, 'logs', 'fenced'), 'it tried');
  expect(said).toContain("can't open /tmp/fuse: Operation not permitted");
  expect(await engine.ok(cli, 'exec', 'fenced', 'sh', '-c', open)).toContain('Operation not permitted');
  await engine.ok(cli, 'rm', '-f', 'fenced');
});

each('devices of rules and of --device can be', async (cli, engine) => {
  const open = 'mknod /tmp/fuse c 10 229; (: < /tmp/fuse) 2>&1';
  const rule = ['--device-cgroup-rule', 'c 10:229 r'];
  // Whether this kernel has the driver is not the question.
  expect((await engine.run(cli, ['run', '--rm', ...rule, 'busybox', 'sh', '-c', open])).stdout).not.toContain(
    'not permitted',
  );
  const write = await engine.run(cli, [
    'run',
    '--rm',
    ...rule,
    'busybox',
    'sh',
    '-c',
    open.replace('<', '>'),
  ]);
  expect(write.stdout).toContain('Operation not permitted');
  const standard =
    'for d in null zero full random urandom; do head -c 0 /dev/$d || exit 1; done; echo x > /dev/null';
  expect((await engine.run(cli, ['run', '--rm', 'busybox', 'sh', '-c', standard])).code).toBe(0);
});

each('a private namespace shows the group as the top, also to exec', async (cli, engine) => {
  const paths = (text: string) => [
    ...new Set(text.split('\n').map((line) => line.split(':').slice(2).join(':'))),
  ];
  const id = await engine.ok(cli, 'run', '-d', '--cgroupns', 'private', 'busybox', 'sleep', '60');
  expect(paths(await engine.ok(cli, 'exec', id, 'cat', '/proc/1/cgroup'))).toEqual(['/']);
  expect(paths(await engine.ok(cli, 'exec', id, 'cat', '/proc/self/cgroup'))).toEqual(['/']);
  await engine.ok(cli, 'rm', '-f', id);
  const host = await engine.ok(
    cli,
    'run',
    '--rm',
    '--cgroupns',
    'host',
    '--hostname',
    'h',
    'busybox',
    'cat',
    '/proc/self/cgroup',
  );
  expect(paths(host).join()).toMatch(/\/[0-9a-f]{64}/);
  const usual = await engine.ok(cli, 'run', '--rm', 'busybox', 'cat', '/proc/self/cgroup');
  expect(paths(usual).join() === '/').toBe(v2);
});

each('cgroups are read-only inside', async (cli, engine) => {
  const directory = v2 ? top : `${top}/memory`;
  const result = await engine.run(cli, ['run', '--rm', 'busybox', 'mkdir', `${directory}/mine`]);
  expect(result.stderr).toContain('Read-only file system');
  const write = `echo 1 > ${directory}/${v2 ? 'memory.max' : 'memory.limit_in_bytes'}`;
  expect((await engine.run(cli, ['run', '--rm', 'busybox', 'sh', '-c', write])).stderr).toContain(
    'Read-only file system',
  );
});

each(
  'a container that divides its group among its processes, as systemd does, can be entered',
  async (cli, engine) => {
    if (!v2) return;
    const script = `cd ${top} && mkdir init work && echo 1 > init/cgroup.procs && echo +memory +pids > cgroup.subtree_control
      sh -c 'echo $$ > work/cgroup.procs; exec sleep 1000' & echo ready; exec sleep 1000`;
    const flags = ['--privileged', '--cgroupns', 'private', '-m', '64m'];
    const id = await engine.ok(cli, 'run', '-d', ...flags, 'busybox', 'sh', '-c', script);
    await eventually(async () => (await engine.ok(cli, 'logs', id)) === 'ready', 'it is divided');
    expect(await engine.ok(cli, 'exec', id, 'cat', '/proc/self/cgroup')).toBe('0::/init');
    await eventually(async () => (await engine.ok(cli, 'top', id)).split('\n').length === 3, 'both are seen');
    await engine.ok(cli, 'pause', id);
    await engine.ok(cli, 'unpause', id);
    await engine.ok(cli, 'restart', '-t', '0', id);
    await engine.ok(cli, 'rm', '-f', id);
  },
  'runc gives up where the host itself lacks a capability (CAP_SYS_RESOURCE here)',
);

each('--cgroup-parent', async (cli, engine) => {
  const parent = `${engine.network.name}-${cli}`;
  const limits = ['-m', '64m', '--pids-limit', '20', '--cpus', '0.5'];
  const id = await engine.ok(
    cli,
    'run',
    '-d',
    '--cgroup-parent',
    `/${parent}/inner`,
    ...limits,
    'busybox',
    'sleep',
    '60',
  );
  const pid = await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', id);
  for (const controller of ['memory', 'pids', 'cpu', 'devices', 'freezer'])
    expect(groupOf(pid, controller)).toEndWith(`/${parent}/inner/${id}`);
  expect(control(groupOf(pid, 'memory'), v2 ? 'memory.max' : 'memory.limit_in_bytes')).toBe(`${64 << 20}`);
  expect(control(groupOf(pid, 'pids'), 'pids.max')).toBe('20');
  const group = groupOf(pid, 'memory');
  await engine.ok(cli, 'rm', '-f', id);
  expect(existsSync(group)).toBe(false);
  // The parent is the user's.
  for (const root of v2 ? [top] : readdirSync(top).map((name) => join(top, name)))
    for (const directory of [join(root, parent, 'inner'), join(root, parent)])
      if (existsSync(directory)) rmdirSync(directory);
});

each('pause freezes the group: no time passes for it', async (cli, engine) => {
  const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sh', '-c', 'while :; do :; done');
  const pid = await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', id);
  const frozen = () =>
    v2
      ? control(groupOf(pid, ''), 'cgroup.events').includes('frozen 1')
      : control(groupOf(pid, 'freezer'), 'freezer.state') === 'FROZEN';
  const used = () => control(groupOf(pid, 'cpuacct'), v2 ? 'cpu.stat' : 'cpuacct.usage').split('\n')[0];
  await engine.ok(cli, 'pause', id);
  expect(frozen()).toBe(true);
  const before = used();
  await Bun.sleep(300);
  expect(used()).toBe(before);
  await engine.ok(cli, 'unpause', id);
  expect(frozen()).toBe(false);
  await eventually(() => used() !== before, 'it goes on');
  await engine.ok(cli, 'pause', id);
  await engine.ok(cli, 'kill', id);
  expect(await engine.ok(cli, 'wait', id)).toBe('137');
  await engine.ok(cli, 'rm', id);
});

each('with the host’s processes, the end of process 1 is the end of all', async (cli, engine) => {
  const stray = `sleep 1000.${engine.network.index}`;
  const run = ['run', '--pid', 'host', '--name', 'strays', 'busybox', 'sh', '-c'];
  const ended = await engine.run(cli, [...run, `setsid ${stray} & sleep 0.3; exit 3`]);
  expect(ended.code).toBe(3);
  await eventually(async () => (await processes(stray)).length === 0, 'the stray is dead');
  await engine.ok(cli, 'rm', 'strays');
  await engine.ok(cli, 'run', '-d', ...run.slice(1), `setsid ${stray} & exec sleep 60`);
  await eventually(async () => (await processes(stray)).length === 1, 'the stray runs');
  await engine.ok(cli, 'rm', '-f', 'strays');
  expect(await processes(stray)).toEqual([]);
});

each('what forks faster than it can be listed is killed all the same', async (cli, engine) => {
  const forker = `sh /f ${engine.network.name}`;
  const script = `echo '${forker} &' > /f; for i in $(seq 20); do ${forker} & done; exec sleep 1000`;
  const limits = ['--pids-limit', '100', '--cpus', '0.5'];
  const id = await engine.ok(cli, 'run', '-d', '--pid', 'host', ...limits, 'busybox', 'sh', '-c', script);
  await eventually(async () => (await processes(forker)).length > 3, 'it forks');
  await engine.ok(cli, 'rm', '-f', id);
  expect(await processes(forker)).toEqual([]);
});
