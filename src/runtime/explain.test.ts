import { expect, test } from 'bun:test';
import { CLONE, MS } from '../linux/flags.ts';
import { explain } from './explain.ts';

test('numbers, sides, names of flags, headings where the subject changes', () => {
  const text = explain([
    { op: 'mkdir', side: 'host', path: `/sys/fs/cgroup/memory/gantry/${'ab'.repeat(32)}`, mode: 0o755 },
    { op: 'clone', side: 'host', flags: CLONE.NEWNS | CLONE.NEWPID, cgroup: '' },
    { op: 'write-proc', side: 'host', optional: true, name: 'oom_score_adj', data: '0' },
    {
      op: 'mount',
      side: 'inside',
      source: 'proc',
      target: '/proc',
      fstype: 'proc',
      flags: MS.NOSUID | MS.NOEXEC,
      data: '',
      copyUp: false,
    },
    { op: 'seccomp', side: 'inside', filter: new Uint8Array(412 * 8), flags: 0 },
    {
      op: 'credentials',
      side: 'inside',
      bounding: '3',
      effective: '3',
      permitted: '3',
      inheritable: '0',
      ambient: '0',
    },
    { op: 'exec', side: 'inside', argv: ['sh', '-c', 'echo hi'] },
  ]);
  expect(text).toBe(`# Limits: a directory in each cgroup hierarchy
1  host    mkdir /sys/fs/cgroup/memory/gantry/abababababab…

# Namespaces: a process that sees a world of its own
2  host    clone3 CLONE_NEWNS|CLONE_NEWPID

# From outside, while the child builds its world
3? host    write 0 > /proc/<child>/oom_score_adj

# What is mounted in it
4  inside  mount -t proc proc /proc MS_NOSUID|MS_NOEXEC

# The program, and who it is
5  inside  seccomp SECCOMP_SET_MODE_FILTER, 412 instructions
6  inside  setgroups, setresgid, setresuid; capset bounding 2: chown dac_override
7  inside  execve sh -c "echo hi"
`);
});

test('links, addresses and routes', () => {
  const host = { side: 'host' } as const;
  const inside = { side: 'inside' } as const;
  const child = { pid: 0, startTime: '' };
  const running = { pid: 7, startTime: '99' };
  const port = { bridge: 'gantry0', mtu: 1500, hairpin: true, isolated: true };
  const plain = { bridge: '', mtu: 0, hairpin: false, isolated: false };
  const link = { name: 'eth0', parent: 'eth1', mtu: 0 };
  const text = explain([
    { ...host, op: 'dummy', name: 'dm-1' },
    { ...host, op: 'vlan', name: 'eth1.9', parent: 'eth1', id: 9 },
    { ...host, op: 'veth', name: 'v', peer: 'eth0', peerMac: '', ...port, ...child },
    { ...host, op: 'veth', name: 'v', peer: 'eth0', peerMac: '', ...plain, ...running },
    { ...host, op: 'macvlan', mac: '', mode: 'vepa', ...link, ...running },
    { ...host, op: 'ipvlan', mode: 'l3s', flag: 'private', ...link, ...child },
    {
      ...inside,
      op: 'route',
      destination: '::/0',
      gateway: 'fd00::1',
      link: 'eth0',
      replace: true,
    },
    { ...inside, op: 'route-delete', destination: '10.0.0.0/8', link: '' },
  ]);
  expect(text).toBe(`# From outside, while the child builds its world
1  host    dummy dm-1
2  host    vlan eth1.9 on eth1, id 9
3  host    veth v on gantry0 hairpin isolated, its peer eth0 born in the child's network namespace, mtu 1500
4  host    veth v, its peer eth0 born in the network namespace of process 7
5  host    macvlan eth0 on eth1, mode vepa, born in the network namespace of process 7
6  host    ipvlan eth0 on eth1, mode l3s private, born in the child's network namespace

# The network
7  inside  route ::/0 via fd00::1 dev eth0, in place of what is there
8  inside  route 10.0.0.0/8 deleted
`);
});
