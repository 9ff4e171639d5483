import { expect, test } from 'bun:test';
import type { NetworkId } from '../lib/ids.ts';
import { hostNames, interfaceOperations, vethName, vethPattern } from './endpoint.ts';
import { forwardingScript } from './forwarding.ts';
import type { Endpoint } from './model.ts';

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
  ipAddress: '172.17.0.2',
  prefixLength: 16,
  gateway: '172.17.0.1',
  ipv6Address: '',
  ipv6PrefixLength: 0,
  ipv6Gateway: '',
  macAddress: '02:42:ac:11:00:02',
  dnsNames: [],
};

test('the interface: made by the host, configured inside, IPv6 off before any link is up', () => {
  const operations = interfaceOperations(endpoint, { name: 'eth0', bridge: 'br0', mtu: 1400 });
  expect(operations[0]).toEqual({
    op: 'veth',
    side: 'host',
    name: 'vethabcdef0',
    peer: 'eth0',
    peerMac: '02:42:ac:11:00:02',
    bridge: 'br0',
    mtu: 1400,
  });
  expect(operations.slice(1).map(({ op, side }) => `${side} ${op}`)).toEqual([
    'inside sysctl',
    'inside sysctl',
    'inside link',
    'inside address',
    'inside link',
    'inside route',
  ]);
  expect(vethPattern.test(vethName(endpoint.endpointId))).toBe(true);
});

test('a qualified hostname also gets its first label', () => {
  expect(hostNames('web')).toEqual(['web']);
  expect(hostNames('web.example.com')).toEqual(['web.example.com', 'web']);
});

test('links that were there before are not forwarded between', () => {
  expect(forwardingScript(['eth0', 'eth1'])).toContain(
    'iifname { "eth0", "eth1" } oifname { "eth0", "eth1" } drop',
  );
});
