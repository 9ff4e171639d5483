import { expect, test } from 'bun:test';
import type { NetworkId } from '../lib/ids.ts';
import { defaultRoute, enter, insideOperations } from './endpoint.ts';
import { forwardingScript } from './forwarding.ts';
import { chooseGateways } from './gateway.ts';
import { vethName, vethPattern } from './link-name.ts';
import type { Endpoint, Network } from './model.ts';

const endpoint: Endpoint = {
  networkId: '' as NetworkId,
  networkName: 'bridge',
  endpointId: 'abcdef0123456789',
  request: {
    aliases: [],
    links: [],
    ipv4Address: '',
    ipv6Address: '',
    linkLocalIps: [],
    macAddress: '',
    driverOptions: {},
    gwPriority: 0,
  },
  interfaceName: 'eth0',
  ipAddress: '172.17.0.2',
  prefixLength: 16,
  gateway: '172.17.0.1',
  ipv6Address: '',
  ipv6PrefixLength: 0,
  ipv6Gateway: '',
  macAddress: '02:42:ac:11:00:02',
  dnsNames: [],
};
const dual = { ...endpoint, ipv6Address: 'fd00::2', ipv6PrefixLength: 64, ipv6Gateway: 'fd00::1' };
const brief = (of: Endpoint) =>
  insideOperations(of, 'inside').map((operation) =>
    [
      operation.op,
      'name' in operation && operation.op === 'sysctl' ? operation.name : '',
      'cidr' in operation ? operation.cidr : '',
    ]
      .filter(Boolean)
      .join(' '),
  );

test('IPv6 is on only where it was asked for, and never listens to routers', () => {
  expect(brief(endpoint)).toEqual(['address 172.17.0.2/16', 'link']);
  expect(brief(dual)).toEqual([
    'sysctl net/ipv6/conf/eth0/disable_ipv6',
    'sysctl net/ipv6/conf/eth0/accept_ra',
    'sysctl net/ipv6/conf/eth0/autoconf',
    'address 172.17.0.2/16',
    'address fd00::2/64',
    'link',
  ]);
});

test('settings of an endpoint are for its interface', () => {
  const driverOptions = { 'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.log_martians=1' };
  const operations = insideOperations(
    { ...endpoint, request: { ...endpoint.request, driverOptions } },
    'host',
  );
  expect(operations).toContainEqual({
    op: 'sysctl',
    side: 'host',
    name: 'net.ipv4.conf.eth0.log_martians',
    value: '1',
  });
});

test('a running container is entered by pid and start time, the child of a plan is not', () => {
  expect(enter({ pid: 0, startTime: '' })).toEqual([]);
  expect(enter({ pid: 7, startTime: '9' })).toMatchObject([{ op: 'join', pid: 7, startTime: '9' }]);
});

test('default routes', () => {
  expect(defaultRoute(dual, 'inside', 6, false)).toMatchObject({ destination: '::/0', gateway: 'fd00::1' });
  expect(defaultRoute(dual, 'inside', 4, true)).toMatchObject({ destination: '0.0.0.0/0', gateway: '' });
});

test('the way out: the highest priority, then the first name, of those that have one', () => {
  const on = (name: string, gwPriority: number, ways: (4 | 6)[]) => ({
    network: { name } as Network,
    endpoint: { ...endpoint, request: { ...endpoint.request, gwPriority } },
    ways,
  });
  const chosen = (...candidates: ReturnType<typeof on>[]) => {
    const gateways = chooseGateways(candidates);
    return [gateways[4]?.network.name, gateways[6]?.network.name];
  };
  expect(chosen(on('b', 0, [4]), on('a', 0, [4]))).toEqual(['a', undefined]);
  expect(chosen(on('b', 1, [4]), on('a', 0, [4, 6]))).toEqual(['b', 'a']);
  expect(chosen(on('a', -1, [4]), on('b', 0, [4]))).toEqual(['b', undefined]);
  expect(chosen(on('internal', 9, []), on('z', 0, [6]))).toEqual([undefined, 'z']);
});

test('names of links', () => {
  expect(vethPattern.test(vethName(endpoint.endpointId))).toBe(true);
});

test('links that were there before are not forwarded between', () => {
  expect(forwardingScript(4, ['eth0', 'eth1'])).toContain(
    'meta nfproto ipv4 iifname { "eth0", "eth1" } oifname { "eth0", "eth1" } drop',
  );
});
