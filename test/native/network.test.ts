import { afterAll, expect, test } from 'bun:test';
import { encodeOperations, Writer } from '../../src/linux/encode.ts';
import { nativePath } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { container, Rootfs } from './container.ts';

const host = { side: 'host', optional: false } as const;
const inside = { side: 'inside', optional: false } as const;
const rootfs = new Rootfs();
afterAll(() => rootfs[Symbol.dispose]());

/** Runs lists one after the other, each with a script behind it, in a network namespace that dies with the test. */
async function inPrivateNetwork(steps: (Operation[] | string)[]) {
  const parts = steps.map((step) => {
    if (typeof step === 'string') return step;
    const bytes = new Writer().bytes(encodeOperations(step)).finish().toString('base64');
    return `echo ${bytes} | base64 -d | ${nativePath()} run || echo "exit code $?"`;
  });
  const child = Bun.spawn(['unshare', '-n', 'sh', '-c', parts.join('\n')], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { stdout, stderr };
}

const bridge: Operation[] = [
  { ...host, op: 'bridge', name: 'gtest0', mac: '02:42:00:00:00:01', mtu: 1400 },
  { ...host, op: 'address', link: 'gtest0', cidr: '10.99.0.1/24' },
  { ...host, op: 'address', link: 'gtest0', cidr: 'fd99::1/64' },
  { ...host, op: 'link', name: 'gtest0', up: true, mtu: 0, rename: '' },
];

test('a bridge, a veth into the container, addresses and routes: both ends answer', async () => {
  const script =
    'ip -o addr show eth0; ip route; ip -6 route; ping -c1 -W2 10.99.0.1 >/dev/null && echo four; ping -c1 -W2 fd99::1 >/dev/null && echo six; cat /sys/class/net/eth0/mtu';
  const list = container(rootfs, ['sh', '-c', script], {
    host: [
      {
        ...host,
        op: 'veth',
        name: 'gveth0',
        peer: 'eth0',
        peerMac: '02:42:0a:63:00:02',
        bridge: 'gtest0',
        mtu: 1400,
      },
    ],
    mounts: [
      { ...inside, op: 'link', name: 'lo', up: true, mtu: 0, rename: '' },
      { ...inside, op: 'address', link: 'eth0', cidr: '10.99.0.2/24' },
      { ...inside, op: 'address', link: 'eth0', cidr: '10.99.0.2/24' },
      { ...inside, op: 'address', link: 'eth0', cidr: 'fd99::2/64' },
      { ...inside, op: 'link', name: 'eth0', up: true, mtu: 0, rename: '' },
      { ...inside, op: 'route', destination: '', gateway: '10.99.0.1', link: 'eth0' },
      { ...inside, op: 'route', destination: '', gateway: 'fd99::1', link: '' },
      { ...inside, op: 'route', destination: '10.77.0.0/16', gateway: '10.99.0.7', link: '' },
    ],
  });
  // The bridge is made twice: what exists is fine.
  const { stdout, stderr } = await inPrivateNetwork([bridge, bridge, list, 'ip -o link | grep -c gveth0']);
  expect(stderr).toBe('');
  expect(stdout).toContain('inet 10.99.0.2/24 brd 10.99.0.255 scope global eth0');
  expect(stdout).toContain('default via 10.99.0.1 dev eth0');
  expect(stdout).toContain('10.77.0.0/16 via 10.99.0.7 dev eth0');
  expect(stdout).toContain('default via fd99::1 dev eth0');
  expect(stdout).toContain('four\nsix\n1400\n');
});

test('links are renamed and deleted, and refusals name the link and the kernel’s reason', async () => {
  const lists: Operation[][] = [
    [{ ...host, op: 'link', name: 'gtest0', up: false, mtu: 1300, rename: 'other' }],
    [{ ...host, op: 'link-delete', name: 'other' }],
    [{ ...host, op: 'link-delete', name: 'other' }],
    [{ ...host, op: 'link', name: 'lo', up: true, mtu: 70000, rename: '' }],
    [{ ...host, op: 'bridge', name: 'a-name-that-is-too-long', mac: '', mtu: 0 }],
    [{ ...host, op: 'bridge', name: 'b', mac: '02:42', mtu: 0 }],
    [{ ...host, op: 'address', link: 'lo', cidr: '10.0.0.1/33' }],
    [{ ...host, op: 'address', link: 'lo', cidr: '10.0.0.1/24x' }],
    [{ ...host, op: 'route', destination: '10.0.0.0/8', gateway: 'fd99::1', link: '' }],
    [{ ...host, op: 'route', destination: '', gateway: '192.0.2.1', link: '' }],
  ];
  const { stdout, stderr } = await inPrivateNetwork([bridge, ...lists]);
  expect(
    stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).detail),
  ).toEqual([
    'other: no link other',
    'lo: invalid mtu of: lo',
    'a-name-that-is-too-long: invalid link name: a-name-that-is-too-long',
    'b: invalid hardware address: 02:42',
    '10.0.0.1/33: invalid address: 10.0.0.1/33',
    '10.0.0.1/24x: invalid address: 10.0.0.1/24x',
    '10.0.0.0/8: invalid route to: 10.0.0.0/8',
    '192.0.2.1: Nexthop has invalid gateway',
  ]);
  expect(stdout.match(/exit code 1/g)).toHaveLength(8);
});
