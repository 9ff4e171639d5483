import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Operation } from '../../src/linux/operations.ts';
import { container, Rootfs } from './container.ts';
import { Network } from './network.ts';

const host = { side: 'host', optional: false } as const;
const inside = { side: 'inside', optional: false } as const;
const child = { pid: 0, startTime: '' } as const;

const rootfs = new Rootfs();
let here: Network;
beforeAll(async () => {
  here = await Network.create();
});
afterAll(() => {
  here[Symbol.dispose]();
  rootfs[Symbol.dispose]();
});

const bridge: Operation[] = [
  { ...host, op: 'bridge', name: 'gtest0', mac: '02:42:00:00:00:01', mtu: 1400 },
  { ...host, op: 'address', link: 'gtest0', cidr: '10.99.0.1/24' },
  { ...host, op: 'address', link: 'gtest0', cidr: 'fd99::1/64' },
  { ...host, op: 'link', name: 'gtest0', up: true, mtu: 0, rename: '' },
];
const port = { bridge: 'gtest0', mtu: 1400, hairpin: false, isolated: false } as const;

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
        ...port,
        ...child,
      },
    ],
    mounts: [
      { ...inside, op: 'link', name: 'lo', up: true, mtu: 0, rename: '' },
      { ...inside, op: 'address', link: 'eth0', cidr: '10.99.0.2/24' },
      { ...inside, op: 'address', link: 'eth0', cidr: '10.99.0.2/24' },
      { ...inside, op: 'address', link: 'eth0', cidr: 'fd99::2/64' },
      { ...inside, op: 'link', name: 'eth0', up: true, mtu: 0, rename: '' },
      { ...inside, op: 'route', destination: '', gateway: '10.99.0.1', link: 'eth0', replace: false },
      { ...inside, op: 'route', destination: '', gateway: 'fd99::1', link: '', replace: false },
      { ...inside, op: 'route', destination: '10.77.0.0/16', gateway: '10.99.0.7', link: '', replace: false },
    ],
  });
  await here.perform(bridge);
  await here.perform(bridge); // what exists is fine
  const stdout = await here.perform(list);
  expect(stdout).toContain('inet 10.99.0.2/24 brd 10.99.0.255 scope global eth0');
  expect(stdout).toContain('default via 10.99.0.1 dev eth0');
  expect(stdout).toContain('10.77.0.0/16 via 10.99.0.7 dev eth0');
  expect(stdout).toContain('default via fd99::1 dev eth0');
  expect(stdout).toContain('four\nsix\n1400\n');
});

test('a macvlan and a veth without a bridge are born in the container too', async () => {
  await here.output('ip', 'link', 'add', 'gparent', 'type', 'bridge');
  const macvlan = { op: 'macvlan', parent: 'gparent', mac: '02:42:0a:63:00:03', mode: 'bridge' } as const;
  const veth = { op: 'veth', name: 'gveth1', peer: 'eth1', peerMac: '', ...port, bridge: '' } as const;
  const list = container(rootfs, ['ip', 'link'], {
    host: [
      { ...host, ...macvlan, name: 'eth0', mtu: 0, ...child },
      { ...host, ...veth, ...child },
    ],
  });
  const stdout = await here.perform(list);
  expect(stdout).toMatch(/eth0@.*\n.*02:42:0a:63:00:03/);
  expect(stdout).toMatch(/eth1@.* mtu 1400 /);
});

test('routes are on the link, replaced and deleted', async () => {
  await here.perform(bridge);
  const route = { ...host, op: 'route', link: 'gtest0' } as const;
  const routes = async () =>
    `${await here.output('ip', 'route')}${await here.output('ip', '-6', 'route')}`
      .split('\n')
      .filter((line) => /default|77/.test(line))
      .map((line) => line.replace(/ dev gtest0.*/, ''));

  await here.perform([
    { ...route, destination: '0.0.0.0/0', gateway: '', replace: false },
    { ...route, destination: '::/0', gateway: '', replace: false },
    { ...route, destination: '10.77.0.0/16', gateway: '10.99.0.7', replace: true },
  ]);
  expect(await routes()).toEqual(['default', '10.77.0.0/16 via 10.99.0.7', 'default']);
  await here.perform([
    { ...route, destination: '', gateway: '10.99.0.9', replace: true },
    { ...route, destination: '::/0', gateway: 'fd99::9', replace: true },
    { ...route, destination: '10.77.0.0/16', gateway: '10.99.0.8', replace: true },
  ]);
  expect(await routes()).toEqual([
    'default via 10.99.0.9',
    '10.77.0.0/16 via 10.99.0.8',
    'default via fd99::9',
  ]);
  expect(
    await here.refusal([{ ...route, destination: '::/0', gateway: 'fd99::8', replace: false }]),
  ).toStartWith('route ::/0 via fd99::8 dev gtest0: ');

  const gone = ['0.0.0.0/0', '::/0', '10.77.0.0/16', 'fd77::/64'].flatMap((destination) =>
    [destination, destination].map(
      (twice): Operation => ({ ...host, op: 'route-delete', destination: twice, link: 'gtest0' }),
    ),
  );
  await here.perform(gone);
  expect(await routes()).toEqual([]);
});

test('links are renamed and deleted, and refusals name the link and the kernel’s reason', async () => {
  await here.perform(bridge);
  await here.perform([
    { ...host, op: 'link', name: 'gtest0', up: false, mtu: 1300, rename: '' },
    { ...host, op: 'link', name: 'gtest0', up: true, mtu: 0, rename: 'other' },
    { ...host, op: 'link-delete', name: 'other' },
  ]);
  const route = { ...host, op: 'route', replace: false } as const;
  const refused: [Operation, string][] = [
    [{ ...host, op: 'link-delete', name: 'other' }, 'other: no link other: no such device'],
    [
      { ...host, op: 'link', name: 'lo', up: true, mtu: 70000, rename: '' },
      'lo: invalid mtu of: lo: invalid argument',
    ],
    [
      { ...host, op: 'bridge', name: 'a-name-that-is-too-long', mac: '', mtu: 0 },
      'a-name-that-is-too-long: invalid link name: a-name-that-is-too-long: invalid argument',
    ],
    [
      { ...host, op: 'bridge', name: 'b', mac: '02:42', mtu: 0 },
      'b: invalid hardware address: 02:42: invalid argument',
    ],
    [
      { ...host, op: 'address', link: 'lo', cidr: '10.0.0.1/33' },
      '10.0.0.1/33 on lo: invalid address: 10.0.0.1/33: invalid argument',
    ],
    [
      { ...host, op: 'address', link: 'lo', cidr: '10.0.0.1/24x' },
      '10.0.0.1/24x on lo: invalid address: 10.0.0.1/24x: invalid argument',
    ],
    [
      { ...route, destination: '10.0.0.0/8', gateway: 'fd99::1', link: '' },
      '10.0.0.0/8 via fd99::1: invalid route to: 10.0.0.0/8: invalid argument',
    ],
    [
      { ...route, destination: '', gateway: '192.0.2.1', link: '' },
      'default via 192.0.2.1: Nexthop has invalid gateway: network is unreachable',
    ],
    [
      { ...host, op: 'route-delete', destination: '', link: 'lo' },
      'default dev lo: invalid destination: : invalid argument',
    ],
    [
      { ...host, op: 'route-delete', destination: '::/0', link: 'other' },
      '::/0 dev other: no link other: no such device',
    ],
  ];
  for (const [operation, message] of refused)
    expect(await here.refusal([operation])).toBe(`${operation.op} ${message}`);
});
