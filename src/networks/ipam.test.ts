import { describe, expect, test } from 'bun:test';
import { formatIpv4, parseBip, parseCidr, parseIpv4, type Subnet } from './addresses.ts';
import { AddressPool, macOf, parseMac } from './ipam.ts';
import { chooseSubnet, defaultPools } from './pools.ts';

const ip = (text: string): number => parseIpv4(text) ?? Number.NaN;
const net = (text: string): Subnet => parseCidr(text)?.subnet ?? { base: 0, prefix: 0 };
const pool = (cidr: string, gateway: string) => new AddressPool(net(cidr), ip(gateway), 'bridge (abc)');

describe('addresses', () => {
  test('read and written', () => {
    for (const text of ['0.0.0.0', '172.17.0.1', '255.255.255.255']) expect(formatIpv4(ip(text))).toBe(text);
    for (const text of ['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4/8', '::1'])
      expect(parseIpv4(text)).toBeNull();
  });
  test('bip', () => {
    expect(parseBip('10.5.0.1/24').subnet).toEqual({ base: ip('10.5.0.0'), prefix: 24 });
    for (const bad of ['10.5.0.1', '10.5.0.0/24', '10.5.0.255/24', '10.5.0.1/31', 'x/8', '10.5.0.1/33'])
      expect(() => parseBip(bad)).toThrow();
  });
});

describe('address pool', () => {
  test('gives ascending addresses and lets freed ones rest', () => {
    const addresses = pool('172.17.0.0/16', '172.17.0.1');
    expect([1, 2, 3].map(() => formatIpv4(addresses.allocate()))).toEqual([
      '172.17.0.2',
      '172.17.0.3',
      '172.17.0.4',
    ]);
    addresses.release(ip('172.17.0.3'));
    expect(formatIpv4(addresses.allocate())).toBe('172.17.0.5');
  });
  test('wraps around, and says when it is empty', () => {
    const addresses = pool('10.0.0.0/29', '10.0.0.1');
    const given = Array.from({ length: 5 }, () => formatIpv4(addresses.allocate()));
    expect(given).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(() => addresses.allocate()).toThrow(
      "no available IPv4 addresses on this network's address pools: bridge (abc)",
    );
    addresses.release(ip('10.0.0.4'));
    expect(formatIpv4(addresses.allocate())).toBe('10.0.0.4');
    addresses.release(ip('10.0.0.1'));
    expect(() => addresses.allocate()).toThrow();
  });
  test('a chosen or adopted address is not given again', () => {
    const addresses = pool('10.0.0.0/29', '10.0.0.6');
    addresses.reserve(ip('10.0.0.1'));
    expect(() => addresses.reserve(ip('10.0.0.1'))).toThrow('Address already in use');
    expect(() => addresses.reserve(ip('10.0.1.1'))).toThrow('no configured subnet');
    addresses.adopt(ip('10.0.0.2'));
    addresses.adopt(ip('192.0.2.1'));
    expect(formatIpv4(addresses.allocate())).toBe('10.0.0.3');
  });
  test('hardware addresses', () => {
    expect(macOf(ip('172.17.0.2'))).toBe('02:42:ac:11:00:02');
    expect(parseMac('92-D0-C6-0A-29-33')).toBe('92:d0:c6:0a:29:33');
    for (const bad of ['', '93:d0:c6:0a:29:33', '92:d0:c6:0a:29', 'x']) expect(() => parseMac(bad)).toThrow();
  });
});

describe('choosing a subnet', () => {
  test('the first that overlaps no route and holds no nameserver', () => {
    expect(chooseSubnet([], [])).toEqual(net('172.17.0.0/16'));
    expect(chooseSubnet([net('172.17.3.0/24')], [])).toEqual(net('172.18.0.0/16'));
    expect(chooseSubnet([net('172.16.0.0/12')], [])).toEqual(net('10.200.0.0/16'));
    expect(chooseSubnet([], [ip('172.17.9.9')])).toEqual(net('172.18.0.0/16'));
    expect(() => chooseSubnet([net('172.0.0.0/8'), net('10.0.0.0/8')], [])).toThrow(
      'all predefined address pools have been fully subnetted',
    );
  });
  test('never a home network', () => {
    expect(defaultPools.some((candidate) => formatIpv4(candidate.base).startsWith('192.168'))).toBe(false);
  });
});
