import { describe, expect, test } from 'bun:test';
import { parseCreate } from './create.ts';
import { parseEndpoint } from './endpoint-request.ts';
import { Fields } from './fields.ts';
import { parseConnect } from './network-create.ts';

const parse = (settings: object, version = 50) => parseEndpoint(Fields.of(settings, 'x'), version);
const connect = (EndpointConfig: object | null, network = 'my') =>
  parseConnect({ Container: 'web', EndpointConfig }, network, 50);
const create = (EndpointsConfig: object) =>
  parseCreate({ Image: 'x', NetworkingConfig: { EndpointsConfig } }, { name: '', platform: '', version: 50 });

test('every field, addresses in their canonical form', () => {
  const settings = {
    IPAMConfig: {
      IPv4Address: '::ffff:10.0.0.5',
      IPv6Address: '2001:DB8:0::5',
      LinkLocalIPs: ['169.254.1.1', 'FE80::1'],
    },
    Links: ['a:b'],
    Aliases: ['x', 'y'],
    MacAddress: '92-D0-C6-0A-29-33',
    DriverOpts: { a: 'b' },
    GwPriority: -3,
  };
  expect(parse(settings)).toEqual({
    aliases: ['x', 'y'],
    links: ['a:b'],
    ipv4Address: '10.0.0.5',
    ipv6Address: '2001:db8::5',
    linkLocalIps: ['169.254.1.1', 'fe80::1'],
    macAddress: '92:d0:c6:0a:29:33',
    driverOptions: { a: 'b' },
    gwPriority: -3,
  });
  expect(parse({ MacAddress: '92d0.c60a.2933' }).macAddress).toBe('92:d0:c6:0a:29:33');
});

test('what older versions did not have', () => {
  const settings = { MacAddress: '92:d0:c6:0a:29:33', GwPriority: 3 };
  expect(parse(settings, 47)).toMatchObject({ macAddress: '92:d0:c6:0a:29:33', gwPriority: 0 });
  expect(parse(settings, 43)).toMatchObject({ macAddress: '', gwPriority: 0 });
});

const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
};

describe('connect', () => {
  test('without settings', () => {
    expect(connect(null)).toMatchObject({ container: 'web', request: { aliases: [], ipv4Address: '' } });
  });
  test.each<[object, string]>([
    [{ IPAMConfig: { IPv4Address: 'foo' } }, 'invalid endpoint settings:\ninvalid IPv4 address: foo'],
    [{ IPAMConfig: { IPv4Address: '0.0.0.0' } }, 'invalid endpoint settings:\ninvalid IPv4 address: 0.0.0.0'],
    [{ IPAMConfig: { IPv4Address: 'fe80::1' } }, 'invalid endpoint settings:\ninvalid IPv4 address: fe80::1'],
    [
      { IPAMConfig: { IPv6Address: '10.0.0.1' } },
      'invalid endpoint settings:\ninvalid IPv6 address: 10.0.0.1',
    ],
    [
      { IPAMConfig: { IPv4Address: 'a', IPv6Address: 'b', LinkLocalIPs: ['c', '169.254.1.1', '::'] } },
      'invalid endpoint settings:\n* invalid IPv4 address: a\n* invalid IPv6 address: b\n* invalid link-local IP address: c\n* invalid link-local IP address: ::',
    ],
    [{ MacAddress: 'foo', IPAMConfig: { IPv4Address: 'a' } }, 'invalid MAC address foo'],
    [
      { DriverOpts: { 'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.eth0.x=1' } },
      "invalid endpoint settings:\nunrecognised network interface sysctl 'net.ipv4.conf.eth0.x=1'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'",
    ],
  ])('%j', (settings, text) => expect(refusal(() => connect(settings))).toBe(text));
  test('sysctls of the interface', () => {
    const name = 'com.docker.network.endpoint.sysctls';
    const DriverOpts = { [name]: 'net.ipv4.conf.IFNAME.a=1,net.ipv6.conf.ifname.b.c=2' };
    expect(refusal(() => connect({ DriverOpts }))).toBe('');
  });
  test('predefined networks have no names and fixed addresses', () => {
    const settings = { Aliases: ['a'], IPAMConfig: { IPv4Address: '10.0.0.1' } };
    expect(refusal(() => connect(settings))).toBe('');
    expect(refusal(() => connect(settings, 'bridge'))).toBe(
      'invalid endpoint settings:\n* user specified IP address is supported on user defined networks only\n* network-scoped aliases are only supported for user-defined networks',
    );
  });
});

describe('create', () => {
  test('names the network, the default one as what it is', () => {
    expect(refusal(() => create({ default: { Aliases: ['a'] } }))).toBe(
      'invalid config for network bridge: invalid endpoint settings:\nnetwork-scoped aliases are only supported for user-defined networks',
    );
    expect(refusal(() => create({ my: { MacAddress: 'x' } }))).toBe(
      'invalid config for network my: invalid MAC address x',
    );
  });
  test('several networks, several reasons', () => {
    const IPAMConfig = { IPv4Address: 'a', IPv6Address: 'b' };
    expect(refusal(() => create({ one: { IPAMConfig }, two: { IPAMConfig: { IPv4Address: 'c' } } }))).toBe(
      '* invalid config for network one: invalid endpoint settings:\n\t* invalid IPv4 address: a\n\t* invalid IPv6 address: b\n* invalid config for network two: invalid endpoint settings:\n\tinvalid IPv4 address: c',
    );
  });
});
