import { describe, expect, test } from 'bun:test';
import { CLONE, MS } from '../linux/flags.ts';
import type { RootMount } from '../linux/mounts.ts';
import type { Operation, OperationName } from '../linux/operations.ts';
import type { LinuxNamespace, Spec } from '../oci/runtime.ts';
import { planExec } from './exec.ts';
import { explain } from './explain.ts';
import type { Cgroups } from './model.ts';
import { planContainer } from './plan.ts';

const write = (path: string): Operation => ({ op: 'write', side: 'host', path, data: '0' });

/** Cgroups that are recognizable and ask no kernel. */
function fakeCgroups(version: 1 | 2): Cgroups {
  const unused = () => Promise.reject(new Error('not of the plan'));
  return {
    version,
    driver: 'cgroupfs',
    controllers: new Set(),
    create: (path) => [{ op: 'mkdir', side: 'host', path: `/cg${path}`, mode: 0o755 }],
    join: (path) =>
      version === 1 ? [{ op: 'write-pid', side: 'host', path: `/cg${path}/cgroup.procs` }] : [],
    joinSelf: (path) =>
      version === 1 ? [{ op: 'write-pid', side: 'inside', path: `/cg${path}/tasks` }] : [],
    enter: (path) => [write(`/cg${path}/cgroup.procs`)],
    cloneInto: (path) => (version === 2 ? `/cg${path}` : ''),
    mount: () => [{ op: 'symlink', side: 'inside', target: '/sys/fs/cgroup/cgroups', to: 'here' }],
    warnings: () => [],
    update: unused,
    freeze: unused,
    pids: unused,
    kill: unused,
    stats: unused,
    memoryDirectory: () => '',
    remove: unused,
  };
}

const all: LinuxNamespace[] = [
  { type: 'mount' },
  { type: 'pid' },
  { type: 'network' },
  { type: 'ipc' },
  { type: 'uts' },
];

function spec(changes: Partial<Spec> = {}, linux: Partial<Spec['linux']> = {}): Spec {
  return {
    ociVersion: '1.3.0',
    process: { user: { uid: 0, gid: 0 }, cwd: '/', args: ['true'], env: ['A=b'] },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: [] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro'] },
    ],
    linux: { cgroupsPath: '/gantry/x', namespaces: all, ...linux },
    ...changes,
  };
}

const plan = (given: Spec, options: { network?: Operation[]; version?: 1 | 2; root?: RootMount } = {}) =>
  planContainer({
    spec: given,
    root: options.root ?? { kind: 'bind', source: '/image' },
    rootPath: '/root',
    views: [],
    network: options.network ?? [],
    cgroups: fakeCgroups(options.version ?? 1),
  });

const names = (operations: readonly Operation[], side?: string) =>
  operations.filter((operation) => side === undefined || operation.side === side).map(({ op }) => op);
const order = (operations: readonly Operation[], ...wanted: OperationName[]) =>
  names(operations).filter((op) => wanted.includes(op));

describe('planContainer', () => {
  test('a plain container, from the first directory to execve', () => {
    expect(names(plan(spec()), 'host')).toEqual(['mkdir', 'clone', 'signal-child']);
    expect(names(plan(spec()), 'inside')).toEqual([
      'write-pid',
      'propagation',
      'bind-root',
      'root',
      'mount',
      'mount',
      ...Array<OperationName>(6).fill('mknod'),
      ...Array<OperationName>(7).fill('symlink'),
      'pivot',
      'keyring',
      'env',
      'user',
      'chdir',
      'await-host',
      'credentials',
      'exec',
    ]);
  });

  test('the server of a root is started before anything is entered, and its mount made by the child', () => {
    const argv = ['/bin/server', '-f'];
    const pid: LinuxNamespace = { type: 'pid', path: '/proc/7/ns/pid' };
    const operations = plan(spec({}, { namespaces: [{ type: 'mount' }, pid] }), {
      root: { kind: 'fuse', source: 'server', argv, cwd: '/layers' },
    });
    expect(operations[0]).toEqual({ op: 'fuse-serve', side: 'host', source: 'server', argv, cwd: '/layers' });
    expect(operations).toContainEqual({ op: 'fuse-root', side: 'inside', path: '/root' });
    expect(order(operations, 'propagation', 'fuse-root', 'root')).toEqual([
      'propagation',
      'fuse-root',
      'root',
    ]);
    expect(explain(operations)).toContain('host    open /dev/fuse for /bin/server -f');
  });

  test('namespaces without path are flags of the clone', () => {
    expect(plan(spec()).find(({ op }) => op === 'clone')).toMatchObject({
      flags: CLONE.NEWNS | CLONE.NEWPID | CLONE.NEWNET | CLONE.NEWIPC | CLONE.NEWUTS,
      cgroup: '',
    });
    expect(plan(spec(), { version: 2 }).find(({ op }) => op === 'clone')).toMatchObject({
      cgroup: '/cg/gantry/x',
    });
  });

  test('a joined pid namespace is entered before the clone and left after it, others are entered inside', () => {
    const namespaces: LinuxNamespace[] = [
      { type: 'mount' },
      { type: 'pid', path: '/proc/7/ns/pid' },
      { type: 'network', path: '/proc/7/ns/net' },
    ];
    const operations = plan(spec({}, { namespaces }));
    const entered = operations.flatMap((operation) =>
      operation.op === 'setns' ? [`${operation.side} ${operation.path}`] : [],
    );
    expect(entered).toEqual(['host /proc/7/ns/pid', 'host /proc/self/ns/pid', 'inside /proc/7/ns/net']);
    expect(order(operations, 'setns', 'clone')).toEqual(['setns', 'clone', 'setns', 'setns']);
  });

  test('on v1 the child enters its cgroups first, then makes the cgroup namespace', () => {
    const operations = plan(spec({}, { namespaces: [...all, { type: 'cgroup' }] }));
    expect(order(operations, 'write-pid', 'unshare', 'pivot')).toEqual(['write-pid', 'unshare', 'pivot']);
  });

  test('on v2 the child is born in its cgroup, and waits only at the end', () => {
    const operations = plan(spec({}, { namespaces: [...all, { type: 'cgroup' }] }), { version: 2 });
    expect(order(operations, 'await-host', 'unshare', 'pivot')).toEqual(['unshare', 'pivot', 'await-host']);
  });

  test('the network comes after the barrier', () => {
    const network: Operation[] = [
      {
        op: 'veth',
        side: 'host',
        name: 'v',
        peer: 'eth0',
        peerMac: '',
        bridge: 'b',
        mtu: 0,
        hairpin: false,
        isolated: false,
        pid: 0,
        startTime: '',
      },
      { op: 'address', side: 'inside', link: 'eth0', cidr: '10.0.0.2/24' },
    ];
    const operations = plan(spec(), { network });
    expect(order(operations, 'veth', 'signal-child', 'await-host', 'address', 'credentials')).toEqual([
      'veth',
      'signal-child',
      'await-host',
      'address',
      'credentials',
    ]);
  });

  test('sysctls are written before pivot; those of an interface wait for it', () => {
    const sysctl = { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.eth0.disable_ipv6': '1' };
    const operations = plan(spec({}, { sysctl }));
    expect(order(operations, 'sysctl', 'await-host', 'pivot')).toEqual([
      'sysctl',
      'await-host',
      'sysctl',
      'pivot',
    ]);
  });

  test('the filter before the credentials, or with no_new_privs after them', () => {
    const seccomp = { defaultAction: 'SCMP_ACT_ALLOW' } as const;
    const process = { user: { uid: 0, gid: 0 }, cwd: '/', args: ['true'] };
    const wanted = ['seccomp', 'credentials', 'no-new-privs', 'exec'] as const;
    expect(order(plan(spec({}, { seccomp })), ...wanted)).toEqual(['seccomp', 'credentials', 'exec']);
    const confined = spec({ process: { ...process, noNewPrivileges: true } }, { seccomp });
    expect(order(plan(confined), ...wanted)).toEqual(['credentials', 'no-new-privs', 'seccomp', 'exec']);
  });

  test('a read-only root becomes so after everything is mounted', () => {
    const operations = plan(spec({ root: { path: '/root', readonly: true } }));
    const at = operations.findIndex((operation) => operation.op === 'mount-attr' && operation.target === '/');
    expect(operations[at + 1]?.op).toBe('pivot');
  });

  test('what lack of CAP_SYS_RESOURCE can refuse is optional', () => {
    const process = {
      user: { uid: 0, gid: 0 },
      cwd: '/',
      oomScoreAdj: -500,
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 2 ** 64 }],
    };
    const operations = plan(spec({ process }));
    const optional = operations.filter((operation) => operation.optional).map(({ op }) => op);
    expect(optional).toEqual(['write-proc', 'rlimit', 'keyring']);
    expect(operations.find(({ op }) => op === 'rlimit')).toMatchObject({
      resource: 7,
      soft: '1024',
      hard: 'unlimited',
    });
  });

  test('the mounts of the host never stay peers of the container’s', () => {
    const flagsOf = (rootfsPropagation: 'rprivate' | 'rslave' | 'shared') =>
      plan(spec({}, { rootfsPropagation })).find(({ op }) => op === 'propagation');
    expect(flagsOf('rprivate')).toMatchObject({ path: '/', flags: MS.PRIVATE | MS.REC });
    expect(flagsOf('rslave')).toMatchObject({ path: '/', flags: MS.SLAVE | MS.REC });
    expect(flagsOf('shared')).toMatchObject({ path: '/', flags: MS.SLAVE | MS.REC });
  });

  test('mounts beneath the cgroup mount follow it', () => {
    const base = spec();
    const mounts = [
      ...(base.mounts ?? []),
      { destination: '/sys/fs/cgroup/extra', type: 'bind', source: '/x', options: ['bind'] },
    ];
    const operations = plan({ ...base, mounts });
    const at = (target: string) =>
      operations.findIndex((operation) => 'target' in operation && operation.target === target);
    expect(at('/sys/fs/cgroup/extra')).toBeGreaterThan(at('/sys/fs/cgroup/cgroups'));
  });

  test('a user namespace: maps first, and the child waits for them', () => {
    const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    const operations = plan(
      spec({}, { namespaces: [...all, { type: 'user' }], uidMappings: map, gidMappings: map }),
    );
    expect(operations.filter(({ op }) => op === 'write-proc')).toMatchObject([
      { name: 'uid_map', data: '0 100000 65536\n' },
      { name: 'gid_map' },
    ]);
    expect(names(operations, 'inside')[0]).toBe('await-host');
    expect(names(operations, 'inside').filter((op) => op === 'await-host')).toHaveLength(1);
  });

  test('time offsets are set before anyone lives in the namespace', () => {
    const operations = plan(
      spec({}, { namespaces: [...all, { type: 'time' }], timeOffsets: { monotonic: { secs: 60 } } }),
    );
    expect(operations.find(({ op }) => op === 'write')).toMatchObject({ data: 'monotonic 60 0\n' });
    expect(order(operations, 'unshare', 'write', 'clone')).toEqual(['unshare', 'write', 'clone']);
  });
});

test('planExec: cgroups, namespaces, then the same last steps as a container', () => {
  const process = { user: { uid: 0, gid: 0, username: 'web' }, cwd: '/srv', args: ['sh'], terminal: true };
  const operations = planExec(spec(), process, {
    pid: 42,
    startTime: '99',
    cgroupPath: '/gantry/x',
    cgroups: fakeCgroups(1),
  });
  expect(names(operations)).toEqual([
    'write',
    'join',
    'clone',
    'console',
    'keyring',
    'env',
    'user',
    'chdir',
    'credentials',
    'exec',
  ]);
  expect(operations[1]).toMatchObject({
    pid: 42,
    startTime: '99',
    flags: CLONE.NEWNS | CLONE.NEWPID | CLONE.NEWNET | CLONE.NEWIPC | CLONE.NEWUTS,
  });
});

test('every operation of a plan is explained under a heading', () => {
  for (const version of [1, 2] as const) expect(explain(plan(spec(), { version }))).not.toMatch(/^# *$/m);
});
