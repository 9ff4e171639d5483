import { afterAll, expect, test } from 'bun:test';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeOperations, Writer } from '../../src/linux/encode.ts';
import { CLONE } from '../../src/linux/flags.ts';
import { nativePath, OperationFailed, runOperations, runOperationsSync } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { container, failure, namespaces, output, Rootfs, run } from './container.ts';

const host = { side: 'host', optional: false } as const;
const inside = { side: 'inside', optional: false } as const;
const rootfs = new Rootfs();
afterAll(() => rootfs[Symbol.dispose]());
const program = (argv: string[]) => container(rootfs, argv);

test('programs that cannot run have Docker’s texts and the kernel’s errno', async () => {
  rootfs.file('bin/plain', 'x');
  rootfs.file('bin/garbage', '\x7fELF nonsense');
  rootfs.file('bin/lost', '#!/no/such/shell\n');
  chmodSync(join(rootfs.lower, 'bin/garbage'), 0o755);
  chmodSync(join(rootfs.lower, 'bin/lost'), 0o755);
  const cases: [string[], number, string][] = [
    [['nothing'], 2, 'exec: "nothing": executable file not found in $PATH'],
    [['plain'], 2, 'exec: "plain": executable file not found in $PATH'],
    [[''], 2, 'exec: "": executable file not found in $PATH'],
    [['/nothing'], 2, 'exec: "/nothing": stat /nothing: no such file or directory'],
    [['/bin/sh/x'], 20, 'exec: "/bin/sh/x": stat /bin/sh/x: not a directory'],
    [['/bin/plain'], 13, 'exec: "/bin/plain": permission denied'],
    [['/etc'], 21, 'exec: "/etc": is a directory'],
    [['/bin/garbage'], 8, '/bin/garbage'],
    [['lost'], 2, '/bin/lost'],
    [[], 22, 'no command specified'],
  ];
  for (const [argv, errno, detail] of cases)
    expect(await failure(program(argv))).toEqual({ op: 'exec', errno, detail });
});

test('the exit code of the program comes through', async () => {
  expect((await run(program(['sh', '-c', 'exit 42']))).code).toBe(42);
  expect((await run(program(['true']), ['--forked'])).code).toBe(0);
});

test('failures on either side name their operation, and leave no process and no mount', async () => {
  const bad: [Operation, 'host' | 'inside'][] = [
    [{ ...host, op: 'write', path: '/no/such/file', data: '' }, 'host'],
    [{ ...host, op: 'bridge', name: 'a-name-that-is-too-long', mac: '', mtu: 0 }, 'host'],
    [{ ...inside, op: 'sysctl', name: 'net.no.such', value: '1' }, 'inside'],
    [{ ...inside, op: 'sysctl', name: '../../etc/passwd', value: '1' }, 'inside'],
    [{ ...inside, op: 'setns', path: '/etc/passwd', nstype: 0 }, 'inside'],
    [{ ...inside, op: 'hostname', name: 'x'.repeat(100) }, 'inside'],
  ];
  const children = () => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  const before = children();
  for (const [operation, side] of bad)
    for (const args of [[], ['--forked']]) {
      const parts = side === 'host' ? { host: [operation] } : { mounts: [operation] };
      expect((await failure(container(rootfs, ['true'], parts), args)).op).toBe(operation.op);
      // The same, but allowed to fail.
      const optional = { ...operation, optional: true };
      const allowed = side === 'host' ? { host: [optional] } : { mounts: [optional] };
      const { code, stderr } = await run(container(rootfs, ['true'], allowed), args);
      expect(code).toBe(0);
      expect(JSON.parse(stderr).warning).toBe(true);
    }
  expect(children()).toBe(before);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(rootfs.directory);
});

test('a process that dies while it is set up is reported and reaped', async () => {
  const parts = {
    flags: namespaces & ~CLONE.NEWPID, // where process 1 would ignore the signal
    inside: [
      { ...inside, op: 'rlimit', resource: 1, soft: '0', hard: '0' },
      { ...inside, op: 'write', path: '/etc/group', data: 'x' }, // SIGXFSZ
    ] satisfies Operation[],
  };
  for (const args of [[], ['--forked']])
    expect(await failure(container(rootfs, ['true'], parts), args)).toEqual({
      op: undefined,
      errno: 10,
      detail: 'the process was killed by signal 25 while it was being set up',
    });
});

test('a plan may go on in the namespaces of a running container', async () => {
  const up = container(rootfs, ['sh', '-c', 'touch /tmp/made; echo up; sleep 5; true']);
  const first = Bun.spawn([nativePath(), 'run'], {
    stdin: new Writer().bytes(encodeOperations(up)).finish(),
    stdout: 'pipe',
  });
  const reader = first.stdout.getReader();
  await reader.read();
  const pid = Number(readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8'));
  const started = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
  const flags = CLONE.NEWNS | CLONE.NEWPID | CLONE.NEWNET | CLONE.NEWUTS | CLONE.NEWIPC | CLONE.NEWCGROUP;
  const list = (startTime: string, argv: string[]): Operation[] => [
    { ...host, op: 'join', pid, startTime, flags },
    { ...host, op: 'clone', flags: 0, cgroup: '' },
    { ...inside, op: 'env', values: ['PATH=/bin'] },
    { ...inside, op: 'user', spec: 'web', groups: [] },
    {
      ...inside,
      op: 'credentials',
      bounding: '0',
      effective: '0',
      permitted: '0',
      inheritable: '0',
      ambient: '0',
    },
    { ...inside, op: 'chdir', target: '/tmp', create: false },
    { ...inside, op: 'exec', argv },
  ];
  const script = 'ls /tmp; id -u; pwd; cat /proc/1/comm; echo $$; ls /proc/self/fd';
  const { stdout, stderr } = await run(list(started, ['sh', '-c', script]), ['--forked']);
  expect(stderr).toBe('');
  const lines = stdout.split('\n');
  expect(lines.slice(0, 4)).toEqual(['made', '1000', '/tmp', 'sh']);
  expect(Number(lines[4])).toBeLessThan(20);
  expect(lines.slice(5, 9)).toEqual(['0', '1', '2', '3']);
  expect(await failure(list('1', ['true']), ['--forked'])).toEqual({
    op: 'join',
    errno: 3,
    detail: `process ${pid} is another one now`,
  });
  process.kill(pid, 'SIGKILL');
  expect(await first.exited).toBe(137);
});

test('a list that cannot be is refused before anything is done', async () => {
  const clone: Operation = { ...host, op: 'clone', flags: 0, cgroup: '' };
  const exec: Operation = { ...inside, op: 'exec', argv: ['true'] };
  const touch: Operation = { ...host, op: 'mkdir', path: `${rootfs.directory}/never`, mode: 0o755 };
  const lists: [Operation[], string][] = [
    [[touch, clone, clone], 'a second clone'],
    [[touch, exec], 'operations inside without a clone'],
    [[touch, clone, { ...inside, op: 'await-host' }, exec], 'signal-child and await-host do not match'],
    [[touch, clone, exec, { ...inside, op: 'pivot' }], 'an operation behind exec'],
    [[touch, { ...host, op: 'signal-child' }, clone], 'signal-child belongs to the host, after clone'],
    [[touch, clone, { ...exec, side: 'host' }], 'exec belongs inside'],
  ];
  for (const [list, detail] of lists) expect((await failure(list)).detail).toBe(detail);
  expect(readdirSync(rootfs.directory)).not.toContain('never');
});

test('runOperations throws the operation, errno and detail', async () => {
  const list: Operation[] = [
    { ...host, op: 'mkdir', path: rootfs.directory, mode: 0o755 },
    { ...host, op: 'write', path: '/no/such', data: 'x', optional: true },
    { ...host, op: 'mkdir', path: '/no/such/directory', mode: 0o755 },
  ];
  const warnings: string[] = [];
  const error = await runOperations(list, { onWarning: (w) => warnings.push(w.message) }).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(OperationFailed);
  expect(error).toMatchObject({ errno: 'ENOENT', operation: list[2], detail: '/no/such/directory' });
  expect(warnings).toEqual(['write /no/such: no such file or directory']);
  expect(() => runOperationsSync(list)).toThrow('mkdir /no/such/directory: no such file or directory');
  runOperationsSync(list.slice(0, 1));
});

test('as docker-init it reaps, forwards signals and returns the code of its command', async () => {
  const init: Operation = {
    ...inside,
    op: 'bind',
    source: nativePath(),
    target: '/sbin/docker-init',
    nonRecursive: true,
    setAttr: 1,
    clearAttr: 0,
    recursiveAttr: false,
    propagation: 0,
    subpath: '',
    uidMap: '',
    gidMap: '',
    owner: '',
  };
  const start = (script: string) =>
    run(container(rootfs, ['/sbin/docker-init', '--', 'sh', '-c', script], { mounts: [init] }));
  expect(await start('echo $$; exit 3')).toEqual({ code: 3, stdout: '2\n', stderr: '' });
  expect((await start('kill -9 $$')).code).toBe(137);
  expect((await start('trap "exit 9" TERM; kill -TERM 1; sleep 0.3')).code).toBe(9);
  expect(
    (await start("(sleep 0.05 &); sleep 0.2; cat /proc/[0-9]*/stat | grep -c ') Z '; true")).stdout,
  ).toBe('0\n');
  expect(
    (await run(container(rootfs, ['/sbin/docker-init', '--', 'nothing'], { mounts: [init] }))).code,
  ).toBe(127);
});

test('a terminal is the container’s own, its console and its controlling terminal', async () => {
  const parts = { mounts: [{ ...inside, op: 'console', rows: 33, columns: 77 } as const] };
  const script =
    'tty; stty size; ls -l /dev/console | cut -c1; grep -c " /dev/console " /proc/mounts; echo x >/dev/tty; id -u; stat -c %u /dev/pts/0';
  const { stdout, code } = await run(container(rootfs, ['sh', '-c', script], { ...parts, user: 'web' }));
  expect(stdout.split('\r\n').slice(0, -1)).toEqual(['/dev/pts/0', '33 77', 'c', '1', 'x', '1000', '1000']);
  expect(code).toBe(0);
  expect(await output(rootfs, 'tty || true')).toBe('not a tty');
});
