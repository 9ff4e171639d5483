/** Plans for a container that runs already: all on the host's side, which enters its network on the way. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { CLONE } from '../../src/linux/flags.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { Network } from './network.ts';

const host = { side: 'host', optional: false } as const;

let here: Network;
let there: Network;
beforeEach(async () => {
  here = await Network.create();
  there = await Network.create();
  await here.perform([
    { ...host, op: 'bridge', name: 'gtest0', mac: '', mtu: 0 },
    { ...host, op: 'address', link: 'gtest0', cidr: '10.99.0.1/24' },
    { ...host, op: 'address', link: 'gtest0', cidr: 'fd99::1/64' },
    { ...host, op: 'link', name: 'gtest0', up: true, mtu: 0, rename: '' },
  ]);
});
afterEach(() => {
  here[Symbol.dispose]();
  there[Symbol.dispose]();
});

function attach(process: { pid: number; startTime: string }): Operation[] {
  const port = { bridge: 'gtest0', mtu: 0, hairpin: true, isolated: false } as const;
  const route = { ...host, op: 'route', link: 'eth1', replace: true } as const;
  return [
    { ...host, op: 'veth', name: 'gveth0', peer: 'eth1', peerMac: '02:42:0a:63:00:02', ...port, ...process },
    { ...host, op: 'join', ...process, flags: CLONE.NEWNET },
    { ...host, op: 'sysctl', name: 'net/ipv4/conf/eth1/log_martians', value: '1' },
    { ...host, op: 'address', link: 'eth1', cidr: '10.99.0.2/24' },
    { ...host, op: 'address', link: 'eth1', cidr: 'fd99::2/64' },
    { ...host, op: 'link', name: 'eth1', up: true, mtu: 0, rename: '' },
    { ...route, destination: '0.0.0.0/0', gateway: '10.99.0.1' },
    { ...route, destination: '::/0', gateway: 'fd99::1' },
  ];
}

const target = (network: Network) => ({ pid: network.pid, startTime: network.startTime });

interface Address {
  addr_info: { local: string; tentative?: boolean; nodad?: boolean }[];
}
const ipv6 = async (network: Network, link: string) =>
  (await network.show<Address>('ip', '-6', 'addr', 'show', link)).addr_info.find(({ local }) =>
    local.startsWith('fd'),
  );

test('an interface is added to a running process', async () => {
  await here.perform(attach(target(there)));
  const added = await ipv6(there, 'eth1');
  expect([added?.local, added?.tentative ?? false, added?.nodad]).toEqual(['fd99::2', false, true]);
  expect(await there.output('ip', 'route', 'show', 'default')).toStartWith('default via 10.99.0.1 dev eth1');
  expect(await there.output('ip', '-6', 'route', 'show', 'default')).toStartWith(
    'default via fd99::1 dev eth1',
  );
  expect(await there.output('sysctl', '-n', 'net.ipv4.conf.eth1.log_martians')).toBe('1\n');
  await there.output('busybox', 'ping', '-c1', '-W2', '10.99.0.1');
  await there.output('busybox', 'ping', '-c1', '-W2', 'fd99::1');
  expect(await here.links()).toEqual(expect.arrayContaining(['gtest0', 'gveth0']));
  expect(await there.links()).not.toContain('gtest0');
});

test('and taken away again', async () => {
  await here.perform(attach(target(there)));
  await here.perform([
    { ...host, op: 'join', ...target(there), flags: CLONE.NEWNET },
    { ...host, op: 'route-delete', destination: '0.0.0.0/0', link: 'eth1' },
    { ...host, op: 'link-delete', name: 'eth1' },
  ]);
  expect(await there.links()).not.toContain('eth1');
  expect(await here.links()).not.toContain('gveth0');
});

test('an IPv6 address is usable at once, though the link was down when it got it', async () => {
  const [veth, join] = attach(target(there)) as [Operation, Operation];
  const address: Operation = { ...host, op: 'address', link: 'eth1', cidr: 'fd99::2/64' };
  await here.perform([veth, join, address]);
  expect((await ipv6(there, 'eth1'))?.tentative ?? false).toBe(false);
});

test('sysctl writes where the side is, not where it came from', async () => {
  const value = (network: Network) => network.output('sysctl', '-n', 'net.ipv4.ip_unprivileged_port_start');
  const before = [await value(here), await value(there)];
  expect(before).toEqual(['1024\n', '1024\n']);
  await here.perform([
    { ...host, op: 'join', ...target(there), flags: CLONE.NEWNET },
    { ...host, op: 'sysctl', name: 'net.ipv4.ip_unprivileged_port_start', value: '80' },
  ]);
  expect([await value(here), await value(there)]).toEqual(['1024\n', '80\n']);
});

test('another process with that number is refused and nothing is made', async () => {
  const before = await here.links();
  const stranger = { pid: there.pid, startTime: '1' };
  const message = `process ${there.pid} is another one now: no such process`;
  expect(await here.refusal(attach(stranger))).toBe(`veth gveth0: ${message}`);
  const parts = { name: 'eth1', parent: 'gtest0', mac: '', mode: 'bridge', mtu: 0 } as const;
  expect(await here.refusal([{ ...host, op: 'macvlan', ...parts, ...stranger }])).toBe(
    `macvlan eth1: ${message}`,
  );
  const gone = Bun.spawnSync(['true']).pid;
  expect(await here.refusal(attach({ pid: gone, startTime: '' }))).toBe(
    `veth gveth0: process ${gone}: no such process`,
  );
  expect(await here.links()).toEqual(before);
  expect(await there.links()).not.toContain('eth1');
});

test('a start time that is not given is not checked', async () => {
  await here.perform(attach({ pid: there.pid, startTime: '' }));
  expect(await there.links()).toContain('eth1');
});

test('every way into another network takes the operations behind it along', async () => {
  const make = (name: string): Operation => ({ ...host, op: 'bridge', name, mac: '', mtu: 0 });
  await here.perform([
    make('first'),
    { ...host, op: 'setns', path: `/proc/${there.pid}/ns/net`, nstype: CLONE.NEWNET },
    make('second'),
    { ...host, op: 'unshare', flags: CLONE.NEWNET },
    make('third'),
  ]);
  expect(await here.links()).toContain('first');
  expect(await there.links()).toContain('second');
  for (const links of [await here.links(), await there.links()]) expect(links).not.toContain('third');
});
