import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type Address,
  formatAddress,
  formatSubnet,
  parseAddress,
  parseCidr,
  type Subnet,
} from '../lib/ip.ts';
import { AddressPool, checkPool, defaultGateway, macOf, parseMac } from './ipam.ts';
import { chooseSubnet, chooseSubnet6, defaultPools, slicePool } from './pools.ts';
import { parseBip } from './predefined.ts';

function ip(text: string): Address {
  const address = parseAddress(text);
  if (!address) throw new Error(text);
  return address;
}
function net(text: string): Subnet {
  const cidr = parseCidr(text);
  if (!cidr) throw new Error(text);
  return cidr.subnet;
}
const spec = (subnet: string, gateway: string, more = {}) => ({
  subnet,
  gateway,
  ipRange: '',
  auxiliary: {},
  ...more,
});
const pool = (...of: Parameters<typeof spec>) => new AddressPool(spec(...of), 'bridge (abc)');
const next = (from: AddressPool, count: number) =>
  Array.from({ length: count }, () => formatAddress(from.allocate()));

test('bip', () => {
  expect(parseBip('10.5.0.1/24').subnet).toEqual(net('10.5.0.0/24'));
  for (const bad of [
    '10.5.0.1',
    '10.5.0.0/24',
    '10.5.0.255/24',
    '10.5.0.1/31',
    'x/8',
    '10.5.0.1/33',
    'fd00::1/64',
  ])
    expect(() => parseBip(bad)).toThrow();
});

describe('address pool', () => {
  test('gives ascending addresses and lets freed ones rest', () => {
    const addresses = pool('172.17.0.0/16', '172.17.0.1');
    expect(next(addresses, 3)).toEqual(['172.17.0.2', '172.17.0.3', '172.17.0.4']);
    addresses.release(ip('172.17.0.3'));
    expect(next(addresses, 1)).toEqual(['172.17.0.5']);
  });
  test('wraps around, and says when it is empty', () => {
    const addresses = pool('10.0.0.0/29', '10.0.0.1');
    expect(next(addresses, 5)).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(() => addresses.allocate()).toThrow(
      "no available IPv4 addresses on this network's address pools: bridge (abc)",
    );
    addresses.release(ip('10.0.0.4'));
    expect(next(addresses, 1)).toEqual(['10.0.0.4']);
    addresses.release(ip('10.0.0.1'));
    expect(() => addresses.allocate()).toThrow();
  });
  test('IPv6, a range, auxiliary addresses', () => {
    expect(next(pool('fd00::/64', 'fd00::1'), 2)).toEqual(['fd00::2', 'fd00::3']);
    const narrow = pool('10.0.0.0/16', '10.0.0.1', {
      ipRange: '10.0.5.0/30',
      auxiliary: { router: '10.0.5.1' },
    });
    expect(next(narrow, 3)).toEqual(['10.0.5.0', '10.0.5.2', '10.0.5.3']);
    expect(() => narrow.allocate()).toThrow('no available');
    narrow.reserve(ip('10.0.9.9'));
    expect(() => narrow.reserve(ip('10.0.5.1'))).toThrow('Address already in use');
  });
  test('the smallest subnets (RFC 3021)', () => {
    expect(formatAddress(defaultGateway(net('10.0.0.0/31')))).toBe('10.0.0.0');
    expect(next(pool('10.0.0.0/31', '10.0.0.0'), 1)).toEqual(['10.0.0.1']);
  });
  test('a chosen or adopted address is not given again', () => {
    const addresses = pool('10.0.0.0/29', '10.0.0.6');
    addresses.reserve(ip('10.0.0.1'));
    expect(() => addresses.reserve(ip('10.0.0.1'))).toThrow('Address already in use');
    expect(() => addresses.reserve(ip('10.0.1.1'))).toThrow('no configured subnet');
    addresses.adopt(ip('10.0.0.2'));
    addresses.adopt(ip('192.0.2.1'));
    expect(next(addresses, 1)).toEqual(['10.0.0.3']);
  });
  test('never gives an address twice', () => {
    const steps = fc.array(fc.oneof(fc.constant('take'), fc.integer({ min: 0, max: 13 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (list) => {
        const addresses = pool('10.0.0.0/28', '10.0.0.1');
        const held = new Set<string>();
        for (const step of list) {
          const given = [...held][Number(step)];
          if (step === 'take' && held.size < 13) {
            const [address = ''] = next(addresses, 1);
            expect(held.has(address)).toBe(false);
            held.add(address);
          } else if (given !== undefined) {
            held.delete(given);
            addresses.release(ip(given));
          }
        }
      }),
    );
  });
  test('pools that contradict themselves', () => {
    for (const [bad, text] of [
      [spec('10.0.0.5/24', ''), 'it should be 10.0.0.0/24'],
      [spec('10.0.0.0', ''), 'invalid CIDR block notation'],
      [spec('10.0.0.0/24', '10.0.1.1'), "doesn't contain this address"],
      [spec('10.0.0.0/24', '', { ipRange: '10.0.1.0/24' }), "doesn't contain ip-range"],
      [spec('10.0.0.0/24', '', { auxiliary: { a: 'x' } }), 'invalid auxiliary address x'],
    ] as const)
      expect(() => checkPool(bad)).toThrow(text);
  });
  test('hardware addresses', () => {
    expect(macOf(ip('172.17.0.2'))).toBe('02:42:ac:11:00:02');
    expect(macOf(ip('fd00::2'))).toMatch(/^02:42(:[0-9a-f]{2}){4}$/);
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
  test('never a home network, and hundreds of them', () => {
    const texts = defaultPools.map(formatSubnet);
    expect(texts.some((text) => text.startsWith('192.168'))).toBe(false);
    expect([texts[0], texts[14], texts[15], texts.at(-1)]).toEqual([
      '172.17.0.0/16',
      '172.31.0.0/16',
      '10.200.0.0/16',
      '10.255.255.0/24',
    ]);
  });
  test("the user's pools", () => {
    expect(slicePool('10.9.0.0/16', 24).slice(0, 2).map(formatSubnet)).toEqual([
      '10.9.0.0/24',
      '10.9.1.0/24',
    ]);
    for (const [range, size] of [
      ['x', 24],
      ['fd00::/48', 64],
      ['10.0.0.0/16', 8],
      ['10.0.0.0/16', 31],
    ] as const)
      expect(() => slicePool(range, size)).toThrow('invalid default address pool');
  });
  test('IPv6: of the engine, counting up', () => {
    const first = chooseSubnet6([], 0x123456789an);
    expect(formatSubnet(first)).toBe('fd12:3456:789a::/64');
    expect(formatSubnet(chooseSubnet6([first], 0x123456789an))).toBe('fd12:3456:789a:1::/64');
  });
});
