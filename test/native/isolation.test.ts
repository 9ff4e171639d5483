import { afterAll, expect, test } from 'bun:test';
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { CLONE, MOUNT_ATTR, MS } from '../../src/linux/flags.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { container, failure, masked, namespaces, output, Rootfs, readonlyPaths, run } from './container.ts';

const inside = { side: 'inside', optional: false } as const;
const rootfs = new Rootfs();
afterAll(() => rootfs[Symbol.dispose]());

const tmpfs = (target: string, flags: number, data: string, copyUp = false): Operation => ({
  ...inside,
  op: 'mount',
  source: 'tmpfs',
  target,
  fstype: 'tmpfs',
  flags,
  data,
  copyUp,
});

test('a container has namespaces of its own and is process 1', async () => {
  const kinds = ['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'];
  const theirs = await output(
    rootfs,
    `for k in ${kinds.join(' ')}; do readlink /proc/self/ns/$k; done; echo $$`,
  );
  const lines = theirs.split('\n');
  expect(lines.pop()).toBe('1');
  for (const [i, kind] of kinds.entries()) expect(lines[i]).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
});

test('only the three standard descriptors are open, umask and signals are the defaults', async () => {
  expect(await output(rootfs, 'cd /proc/self/fd; echo *; umask')).toBe('0 1 2 3\n0022'); // 3: the directory being read
  const { stdout } = await run(container(rootfs, ['cat', '/proc/self/status']));
  expect(stdout).toMatch(/^SigBlk:\t0{16}\nSigIgn:\t0{16}\nSigCgt:\t0{16}$/m);
});

test('nothing of the host is mounted, masks hide and read-only paths refuse', async () => {
  const mounts = await output(rootfs, 'cat /proc/self/mountinfo');
  expect(mounts).not.toContain(rootfs.directory);
  expect(mounts.split('\n')).toHaveLength(
    7 + masked.filter((p) => existsSync(p)).length + readonlyPaths.filter((p) => existsSync(p)).length,
  );
  expect(
    await output(rootfs, 'cat /proc/keys /proc/interrupts /proc/timer_list | head -c 100; ls /sys/firmware'),
  ).toBe('');
  expect(await output(rootfs, 'echo 1 2>/dev/null >/proc/sys/kernel/domainname || echo refused')).toBe(
    'refused',
  );
});

test('hostname, sysctl, limits, umask, mqueue and environment are as told', async () => {
  const text = await output(
    rootfs,
    'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start; ulimit -n; umask; env',
    {
      mounts: [
        { ...inside, op: 'hostname', name: 'box' },
        { ...inside, op: 'domainname', name: 'example.org' },
        { ...inside, op: 'sysctl', name: 'net.ipv4.ip_unprivileged_port_start', value: '7' },
        { ...inside, op: 'rlimit', resource: 7, soft: '100', hard: '200' },
        { ...inside, op: 'umask', mask: 0o27 },
      ],
      env: ['PATH=/bin', 'A=b=c'],
    },
  );
  const lines = text.split('\n');
  expect(lines.slice(0, 5)).toEqual(['box', 'example.org', '7', '100', '0027']);
  expect(lines).toContain('A=b=c');
  expect(lines).toContain('HOME=/root');
});

test('a limit that may not be raised is a warning', async () => {
  const list = container(rootfs, ['sh', '-c', 'ulimit -Hn'], {
    mounts: [{ ...inside, op: 'rlimit', resource: 7, soft: 'unlimited', hard: 'unlimited' }],
  });
  const { code, stdout, stderr } = await run(list);
  expect(code).toBe(0);
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(JSON.parse(stderr)).toMatchObject({ warning: true, errno: 1 });
});

test('binds: directories, files, read-only, propagation, and where they may not go', async () => {
  rootfs.file('source', 'hello');
  const bind = (source: string, target: string, more: Partial<Operation> = {}): Operation =>
    ({
      ...inside,
      op: 'bind',
      source,
      target,
      nonRecursive: false,
      setAttr: 0,
      clearAttr: 0,
      recursiveAttr: true,
      propagation: MS.PRIVATE | MS.REC,
      subpath: '',
      uidMap: '',
      gidMap: '',
      owner: '',
      ...more,
    }) as Operation;
  const text = await output(rootfs, 'cat /new/dir/file; touch /ro/x 2>/dev/null || echo refused; ls /ro', {
    mounts: [
      bind(`${rootfs.lower}/source`, '/new/dir/file'),
      bind(`${rootfs.lower}/etc`, '/ro', { setAttr: MOUNT_ATTR.RDONLY }),
    ],
  });
  expect(text.split('\n')).toEqual(['hellorefused', 'group', 'passwd']);
  for (const [source, target] of [
    ['/etc', '/proc/sys'],
    ['/etc', '/proc'],
    ['/proc/sys', '/proc/sys'],
  ] as const)
    expect((await run(container(rootfs, ['true'], { mounts: [bind(source, target)] }))).stderr).toContain(
      refusal(target),
    );
});

/** Docker's texts. */
const refusal = (target: string) =>
  `${target} cannot be mounted because it is ${target === '/proc' ? 'not of type proc' : 'inside /proc'}`;

test('a tmpfs does not go over /proc either', async () => {
  for (const target of ['/proc', '/proc/sys/kernel'])
    expect(await failure(container(rootfs, ['true'], { mounts: [tmpfs(target, 0, '')] }))).toEqual({
      op: 'mount',
      errno: 1,
      detail: refusal(target),
    });
});

test('in a user namespace root is nobody outside', async () => {
  using mapped = new Rootfs();
  expect(Bun.spawnSync(['chown', '-hR', '100000:100000', mapped.directory]).exitCode).toBe(0);
  const map = (name: string): Operation => ({
    side: 'host',
    op: 'write-proc',
    name,
    data: '0 100000 65536\n',
  });
  const plan = container(mapped, ['sh', '-c', 'id -u; touch /made; cat /proc/self/uid_map'], {
    flags: namespaces | CLONE.NEWUSER,
    host: [map('uid_map'), map('gid_map')],
  });
  // No nodes can be made there.
  const list = plan.filter(({ op }) => op !== 'mknod' && op !== 'mask');
  const { stdout, stderr } = await run(list);
  expect([stderr, stdout.split(/\s+/).slice(0, 4)]).toEqual(['', ['0', '0', '100000', '65536']]);
  expect(statSync(mapped.upper('made')).uid).toBe(100000);
});

test('a tmpfs starts with what the image has there when told to, with its mode', async () => {
  const text = await output(
    rootfs,
    'cat /etc/passwd | head -n 1; stat -c %a /tmp; grep " /etc " /proc/mounts',
    {
      mounts: [tmpfs('/etc', MS.RDONLY, '', true), tmpfs('/tmp', 0, 'mode=1770', false)],
    },
  );
  const [first, mode, mount] = text.split('\n');
  expect(first).toBe('root:x:0:0:root:/root:/bin/sh');
  expect(mode).toBe('1770');
  expect(mount).toMatch(/^tmpfs \/etc tmpfs ro,.*mode=755/);
});

test('a bad option of a file system is explained by the kernel', async () => {
  const { stderr, code } = await run(
    container(rootfs, ['true'], {
      mounts: [tmpfs('/x', 0, 'size=no', false)],
    }),
  );
  expect(code).toBe(1);
  expect(stderr).toContain("Bad value for 'size'");
});

test('the root can be made read-only last', async () => {
  const parts = {
    inside: [
      {
        ...inside,
        op: 'mount-attr',
        target: '/',
        setAttr: MOUNT_ATTR.RDONLY,
        clearAttr: 0,
        recursive: false,
      },
    ],
  } satisfies Parameters<typeof container>[2];
  expect(
    await output(rootfs, 'touch /x 2>/dev/null || echo refused; touch /dev/shm/x && echo written', parts),
  ).toBe('refused\nwritten');
});

test('a filter is loaded last, without no_new_privs and with it', async () => {
  // Loads the system call number and refuses mkdir (83) and mkdirat (258) with EPERM; allows the rest.
  const instruction = (code: number, jt: number, jf: number, k: number) => [
    code,
    0,
    jt,
    jf,
    k & 255,
    k >> 8,
    k >> 16,
    k >>> 24,
  ];
  const filter = Uint8Array.from([
    ...instruction(0x20, 0, 0, 0),
    ...instruction(0x15, 1, 0, 83),
    ...instruction(0x15, 0, 1, 258),
    ...instruction(0x06, 0, 0, 0x00050001),
    ...instruction(0x06, 0, 0, 0x7fff0000),
  ]);
  const script =
    'mkdir /tmp/x 2>/dev/null || echo refused; grep -E "Seccomp:|NoNewPrivs|CapPrm" /proc/self/status';
  for (const more of [[], [{ ...inside, op: 'no-new-privs' } as const]]) {
    const parts = { inside: more, last: [{ ...inside, op: 'seccomp', filter, flags: 0 } as const] };
    expect((await output(rootfs, script, parts)).split('\n')).toEqual([
      'refused',
      'CapPrm:\t00000000a80425fb',
      `NoNewPrivs:\t${more.length}`,
      'Seccomp:\t2',
    ]);
    // Not even root's last privilege stays with a user that is not root.
    expect((await output(rootfs, script, { ...parts, user: 'web' })).split('\n')[1]).toBe(
      'CapPrm:\t0000000000000000',
    );
  }
});

test('nothing is left on the host', () => {
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(rootfs.directory);
});
