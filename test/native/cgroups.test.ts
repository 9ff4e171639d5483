import { afterAll, expect, test } from 'bun:test';
import { existsSync, readFileSync, rmdirSync } from 'node:fs';
import { CLONE } from '../../src/linux/flags.ts';
import { nativePath } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { container, failure, framed, namespaces, output, Rootfs, run } from './container.ts';

const host = { side: 'host', optional: false } as const;
const inside = { side: 'inside', optional: false } as const;
const rootfs = new Rootfs();
const unified =
  ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((d) => existsSync(`${d}/cgroup.controllers`)) ?? '';
const group = `gantry-native-${process.pid}`;
const made = [`${unified}/${group}`, `/sys/fs/cgroup/pids/${group}`];
afterAll(() => {
  rootfs[Symbol.dispose]();
  for (const directory of made) if (existsSync(directory)) rmdirSync(directory);
});

test('a child is born in a cgroup v2, of which its own namespace can then be the root', async () => {
  const directory = `${unified}/${group}`;
  const list = container(rootfs, ['grep', '^0:', '/proc/self/cgroup'], { flags: namespaces });
  const mkdir: Operation = { ...host, op: 'mkdir', path: directory, mode: 0o755 };
  const into = list.map((o): Operation => (o.op === 'clone' ? { ...o, cgroup: directory } : o));
  expect(await run([mkdir, ...into])).toEqual({ code: 0, stdout: '0::/\n', stderr: '' });
  const shared = into.map(
    (o): Operation => (o.op === 'clone' ? { ...o, flags: namespaces & ~CLONE.NEWCGROUP } : o),
  );
  expect((await run(shared)).stdout).toBe(`0::/${group}\n`);
  const gone = list.map((o): Operation => (o.op === 'clone' ? { ...o, cgroup: `${directory}/none` } : o));
  expect(await failure(gone)).toEqual({ op: 'clone', errno: 2, detail: `${directory}/none` });
});

test('on v1 the child enters by itself, before its cgroup namespace; the host can put it in too', async () => {
  if (!existsSync('/sys/fs/cgroup/pids/tasks')) return; // no v1 on this machine
  const directory = `/sys/fs/cgroup/pids/${group}`;
  const mkdir: Operation = { ...host, op: 'mkdir', path: directory, mode: 0o755 };
  const flags = namespaces & ~CLONE.NEWCGROUP;
  const list = container(rootfs, ['grep', ':pids:', '/proc/self/cgroup'], { flags });
  const barrier = list.findIndex(({ op }) => op === 'await-host');
  const enter: Operation[] = [
    { ...inside, op: 'write-pid', path: `${directory}/tasks` },
    { ...inside, op: 'unshare', flags: CLONE.NEWCGROUP },
  ];
  const { stdout } = await run([mkdir, ...list.slice(0, barrier), ...enter, ...list.slice(barrier)]);
  expect(stdout).toMatch(/:pids:\/\n$/);
  const put: Operation = { ...host, op: 'write-pid', path: `${directory}/cgroup.procs` };
  expect(await output(rootfs, 'grep :pids: /proc/self/cgroup', { flags, host: [put] })).toEndWith(
    `:pids:/${group}`,
  );
});

test('an exec is born in the cgroup, and enters the cgroup namespace afterwards', async () => {
  const directory = `${unified}/${group}`;
  const mkdir: Operation = { ...host, op: 'mkdir', path: directory, mode: 0o755 };
  const first = Bun.spawn([nativePath(), 'run'], {
    stdin: framed([mkdir, ...container(rootfs, ['sh', '-c', 'echo up; sleep 5; true'])]),
    stdout: 'pipe',
  });
  await first.stdout.getReader().read();
  const pid = Number(readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8'));
  const join = { op: 'join', pid, startTime: '' } as const;
  const list: Operation[] = [
    { ...host, ...join, flags: namespaces & ~CLONE.NEWCGROUP },
    { ...host, op: 'clone', flags: 0, cgroup: directory },
    { ...inside, ...join, flags: CLONE.NEWCGROUP },
    { ...inside, op: 'exec', argv: ['/bin/grep', '^0:', '/proc/self/cgroup'] },
  ];
  // As the container's namespace sees it, whose root is where this test is.
  expect(await run(list, ['--forked'])).toEqual({ code: 0, stdout: `0::/${group}\n`, stderr: '' });
  process.kill(pid, 'SIGKILL');
  await first.exited;
});
