import { describe, expect, test } from 'bun:test';
import { isKind } from '../../lib/errors.ts';
import { parseContainerId, parseNetworkId } from '../../lib/ids.ts';
import type { Endpoint, Network } from '../../networks/model.ts';
import { networkJson } from './network.ts';
import { parseNetworkCreate } from './network-create.ts';
import { prunable, selectNetworks } from './network-filter.ts';

const now = Date.UTC(2026, 0, 2);
const day = 86_400_000;

const network = (given: Partial<Network> = {}): Network => ({
  ...parseNetworkCreate({ Name: given.name ?? 'my' }, 50),
  id: parseNetworkId('ab'.repeat(32)),
  driver: 'bridge',
  scope: 'local',
  created: now - day,
  link: 'br-abab',
  ...given,
});

const pool = (subnet: string, more: object = {}) => ({
  subnet,
  gateway: '',
  ipRange: '',
  auxiliary: {},
  ...more,
});

const ipam = (...config: ReturnType<typeof pool>[]) => ({ driver: 'default', options: {}, config });

function member(addresses: Partial<Endpoint>) {
  const endpoint = { endpointId: 'e1', macAddress: '02:00:00:00:00:01', ipAddress: '', ipv6Address: '' };
  const containerId = parseContainerId('cd'.repeat(32));
  return { containerId, containerName: 'web', endpoint: { ...endpoint, ...addresses } as Endpoint };
}

describe('a network in JSON', () => {
  const made = network({
    configFrom: 'base',
    ipam: ipam(
      pool('10.0.0.0/24', { gateway: '10.0.0.1', ipRange: '10.0.0.128/25', auxiliary: { a: '10.0.0.200' } }),
    ),
  });
  test('addressing and where it was configured', () => {
    expect(networkJson(made, 50, null)).toMatchObject({
      IPAM: {
        Driver: 'default',
        Options: {},
        Config: [
          {
            Subnet: '10.0.0.0/24',
            Gateway: '10.0.0.1',
            IPRange: '10.0.0.128/25',
            AuxiliaryAddresses: { a: '10.0.0.200' },
          },
        ],
      },
      ConfigFrom: { Network: 'base' },
      ConfigOnly: false,
    });
    expect(networkJson(network({ ipam: ipam(pool('10.0.0.0/8')) }), 50, null).IPAM.Config).toEqual([
      { Subnet: '10.0.0.0/8' },
    ]);
  });
  test('who is on it', () => {
    const on = member({ ipAddress: '10.0.0.2', prefixLength: 24 });
    expect(networkJson(made, 50, [on]).Containers).toEqual({
      [on.containerId]: {
        Name: 'web',
        EndpointID: 'e1',
        MacAddress: '02:00:00:00:00:01',
        IPv4Address: '10.0.0.2/24',
        IPv6Address: '',
      },
    });
    expect(networkJson(made, 51, null).Containers).toEqual({});
    expect(networkJson(made, 52, null).Containers).toBeUndefined();
  });
  test('how full it is, since 1.52: what is in use at all, what is free in the range', () => {
    const on = member({ ipAddress: '10.0.0.129' });
    expect(networkJson(made, 51, [on]).Status).toBeUndefined();
    expect(networkJson(made, 52, null).Status).toBeUndefined();
    // Network, broadcast, gateway, auxiliary and one container; the range has the last three of them but the gateway.
    expect(networkJson(made, 52, [on]).Status).toEqual({
      IPAM: { Subnets: { '10.0.0.0/24': { IPsInUse: 5, DynamicIPsAvailable: 125 } } },
    });
  });
  test('IPv6 subnets are larger than JSON numbers; links of two have no edges', () => {
    const six = network({
      ipam: ipam(pool('2001:DB8::/64', { gateway: '2001:db8::1' }), pool('10.0.0.0/31')),
    });
    const text = JSON.stringify(networkJson(six, 52, [member({ ipv6Address: '2001:db8::2' })]).Status);
    expect(text).toBe(
      '{"IPAM":{"Subnets":{"2001:db8::/64":{"IPsInUse":3,"DynamicIPsAvailable":18446744073709551613},"10.0.0.0/31":{"IPsInUse":0,"DynamicIPsAvailable":2}}}}',
    );
    const huge = network({ ipam: ipam(pool('2001:db8::/32')) });
    expect(JSON.stringify(networkJson(huge, 52, []).Status)).toContain(':18446744073709551615}');
  });
  test('without addresses', () => {
    expect(networkJson(network(), 52, []).Status).toEqual({ IPAM: {} });
    const base = network({ configOnly: true, ipam: ipam(pool('10.0.0.0/24')) });
    expect(networkJson(base, 52, []).Status).toEqual({ IPAM: {} });
  });
});

describe('creating', () => {
  test('every field', () => {
    const body = {
      Name: 'my',
      CheckDuplicate: true,
      Driver: 'macvlan',
      Scope: 'local',
      Internal: true,
      Attachable: true,
      EnableIPv4: true,
      EnableIPv6: true,
      IPAM: {
        Driver: 'default',
        Options: { a: 'b' },
        Config: [
          {
            Subnet: '10.0.0.0/24',
            Gateway: '10.0.0.1',
            IPRange: '10.0.0.128/25',
            AuxiliaryAddresses: { x: '10.0.0.9' },
          },
        ],
      },
      Options: { parent: 'eth0' },
      Labels: { l: '' },
    };
    expect(parseNetworkCreate(body, 50)).toEqual({
      name: 'my',
      driver: 'macvlan',
      internal: true,
      attachable: true,
      enableIpv4: true,
      enableIpv6: true,
      configOnly: false,
      configFrom: '',
      ipam: {
        driver: 'default',
        options: { a: 'b' },
        config: [
          {
            subnet: '10.0.0.0/24',
            gateway: '10.0.0.1',
            ipRange: '10.0.0.128/25',
            auxiliary: { x: '10.0.0.9' },
          },
        ],
      },
      options: { parent: 'eth0' },
      labels: { l: '' },
    });
    const base = parseNetworkCreate({ Name: 'b', ConfigOnly: true }, 50);
    expect(base).toMatchObject({ configOnly: true, driver: 'bridge', enableIpv4: true, enableIpv6: false });
    expect(parseNetworkCreate({ Name: 'my', ConfigFrom: { Network: 'b' } }, 50).configFrom).toBe('b');
  });

  test('families by field, else by option; the field of IPv4 is known since 1.48', () => {
    const families = (more: object, version = 48) => {
      const { enableIpv4, enableIpv6, options } = parseNetworkCreate({ Name: 'my', ...more }, version);
      return [enableIpv4, enableIpv6, Object.keys(options).length];
    };
    const Options = { 'com.docker.network.enable_ipv4': 'f', 'com.docker.network.enable_ipv6': '1' };
    expect(families({})).toEqual([true, false, 0]);
    expect(families({ EnableIPv4: false, EnableIPv6: true })).toEqual([false, true, 0]);
    expect(families({ EnableIPv4: false }, 47)).toEqual([true, false, 0]);
    expect(families({ Options: { ...Options } })).toEqual([false, true, 2]);
    expect(families({ Options: { ...Options }, EnableIPv4: true, EnableIPv6: false })).toEqual([
      true,
      false,
      0,
    ]);
  });

  const bad = (fields: object): object => ({ Name: 'my', ...fields });
  const config = (...Config: object[]): object => ({ Name: 'my', EnableIPv6: true, IPAM: { Config } });
  test.each<[object, string]>([
    [{}, 'invalid name: name is empty'],
    [bad({ Name: '  ' }), 'invalid name: name is empty'],
    [bad({ Scope: 'global' }), 'network scope "global" is not supported: networks here are local'],
    [
      bad({ Options: { 'com.docker.network.enable_ipv6': 'maybe' } }),
      'driver-opt "com.docker.network.enable_ipv6" is not a valid bool',
    ],
    [config({}), 'invalid network config:\ninvalid subnet : invalid CIDR block notation'],
    [config({ Subnet: 'foo' }), 'invalid network config:\ninvalid subnet foo: invalid CIDR block notation'],
    [
      config({ Subnet: '10.0.0.5/24' }),
      'invalid network config:\ninvalid subnet 10.0.0.5/24: it should be 10.0.0.0/24',
    ],
    [
      config({ Subnet: '10.0.0.0/24', IPRange: '10.0.0.0/8', Gateway: '10.1.0.1' }),
      "invalid network config:\n* invalid ip-range 10.0.0.0/8: CIDR block is bigger than its parent subnet 10.0.0.0/24\n* invalid gateway 10.1.0.1: parent subnet 10.0.0.0/24 doesn't contain this address",
    ],
    [
      config({ Subnet: '10.0.0.0/24', IPRange: 'x', Gateway: 'y', AuxiliaryAddresses: { a: 'z' } }),
      'invalid network config:\n* invalid ip-range x: invalid CIDR block notation\n* invalid gateway y: invalid address\n* invalid auxiliary address a: invalid address',
    ],
    [
      config({ Subnet: '10.0.0.0/24', IPRange: '2001:db8::/64', Gateway: '2001:db8::1' }),
      'invalid network config:\n* invalid ip-range 2001:db8::/64: parent subnet is an IPv4 block\n* invalid gateway 2001:db8::1: parent subnet is an IPv4 block',
    ],
    [
      config({ Subnet: '2001:db8::/64', IPRange: '2001:db9::/80' }),
      "invalid network config:\ninvalid ip-range 2001:db9::/80: parent subnet 2001:db8::/64 doesn't contain ip-range",
    ],
    [
      config({ Subnet: '10.0.0.0/24', IPRange: '10.0.0.129/25' }),
      'invalid network config:\ninvalid ip-range 10.0.0.129/25: it should be 10.0.0.128/25',
    ],
  ])('%j: 400', (body, text) => {
    expect(() => parseNetworkCreate(body, 50)).toThrow(new RegExp(`^${RegExp.escape(text)}$`));
    expect(thrownBy(() => parseNetworkCreate(body, 50), 'invalid')).toBe(true);
  });

  test('subnets of a family that is not used are not looked at', () => {
    const Config = [{ Subnet: '2001:db8::5/64' }];
    expect(() => parseNetworkCreate({ Name: 'my', IPAM: { Config } }, 50)).not.toThrow();
  });

  const from = { ConfigFrom: { Network: 'base' } };
  test.each<[object, string]>([
    [{ Driver: 'overlay' }, 'This node is not a swarm manager.'],
    [{ Ingress: true }, 'Ingress network can only be global scope network'],
    [{ Scope: 'swarm' }, 'cannot create a swarm scoped network when swarm is not active'],
    [{ ConfigOnly: true, Internal: true }, 'configuration network can only contain network specific fields.'],
    [{ ConfigOnly: true, Scope: 'local' }, 'configuration network can only contain network specific fields.'],
    [{ ConfigOnly: true, ...from }, 'a configuration network cannot depend on another configuration network'],
    [
      { ...from, Labels: { a: 'b' } },
      'user-specified configurations are not supported if the network depends',
    ],
    [{ ...from, IPAM: { Config: [{ Subnet: '10.0.0.0/8' }] } }, 'user-specified configurations'],
    [{ ...from, Options: { a: 'b' } }, 'network driver options are not supported if the network depends'],
  ])('%j: 403', (body, text) => {
    const make = () => parseNetworkCreate(bad(body), 50);
    expect(make).toThrow(text);
    expect(thrownBy(make, 'forbidden')).toBe(true);
  });
});

function thrownBy(act: () => unknown, kind: 'invalid' | 'forbidden'): boolean {
  try {
    act();
    return false;
  } catch (error) {
    return isKind(error, kind);
  }
}

describe('filters', () => {
  const all = [
    network({ name: 'bridge' }),
    network({ name: 'host', driver: 'host' }),
    network({ name: 'front', labels: { a: 'b', c: '' } }),
    network({ name: 'back', driver: 'macvlan', created: now - 3 * day }),
    network({ name: 'base', driver: 'null', configOnly: true }),
  ];
  const filters = (given: Record<string, string[]>) => new Map(Object.entries(given));
  const selected = (given: Record<string, string[]>) =>
    selectNetworks(all, filters(given), ({ name }) => name === 'front').map(({ name }) => name);

  test.each<[Record<string, string[]>, string[]]>([
    [{}, ['bridge', 'host', 'front', 'back', 'base']],
    [{ dangling: ['true'] }, ['back', 'base']],
    [{ dangling: ['0'] }, ['bridge', 'host', 'front']],
    [{ driver: ['host', 'macvlan'] }, ['host', 'back']],
    [{ name: ['^b'] }, ['bridge', 'back', 'base']],
    [{ id: ['abab'], name: ['ront'] }, ['front']],
    [{ label: ['a=b', 'c'] }, ['front']],
    [{ scope: ['swarm'] }, []],
    [{ type: ['custom'] }, ['front', 'back', 'base']],
    [{ type: ['builtin'], scope: ['local'] }, ['bridge', 'host']],
  ])('%j', (given, expected) => expect(selected(given)).toEqual(expected));

  test.each<[Record<string, string[]>, string]>([
    [{ dangling: ['maybe'] }, `invalid value for filter 'dangling', must be "true" (or "1")`],
    [{ dangling: ['true', 'false'] }, 'got more than one value for filter key "dangling"'],
    [{ type: ['x'] }, "invalid filter: 'type'='x'"],
  ])('%j is refused', (given, text) => expect(() => selected(given)).toThrow(text));

  const pruned = (given: Record<string, string[]>) =>
    all.filter(prunable(filters(given), now)).map(({ name }) => name);
  test.each<[Record<string, string[]>, string[]]>([
    [{}, ['front', 'back']],
    [{ label: ['a'] }, ['front']],
    [{ 'label!': ['a=b'] }, ['back']],
    [{ until: ['48h'] }, ['back']],
    [{ until: [String(now / 1000)] }, ['front', 'back']],
    [{ until: ['2025-12-31T00:00:00Z'] }, ['back']],
  ])('prune %j', (given, expected) => expect(pruned(given)).toEqual(expected));
  test('prune until what is no time, or two', () => {
    expect(() => pruned({ until: ['x'] })).toThrow('failed to parse value as time or duration: "x"');
    expect(() => pruned({ until: ['1h', '2h'] })).toThrow('more than one until filter specified');
  });
});
