import { describe, expect, test } from 'bun:test';
import { addressing } from './addressing.ts';

const nothing = { subnets: [], ranges: [], gateways: [], auxiliary: {} };

test('each part goes to the subnet that contains it, in the order of the subnets', () => {
  const given = {
    subnets: ['10.0.0.0/24', '2001:db8::/64', '10.1.0.0/24'],
    ranges: ['10.1.0.128/25', '2001:db8::/80'],
    gateways: ['2001:DB8::1', '10.0.0.1'],
    auxiliary: { a: '10.1.0.5', b: '10.1.0.6' },
  };
  expect(addressing(given)).toEqual([
    { Subnet: '10.0.0.0/24', Gateway: '10.0.0.1' },
    { Subnet: '2001:db8::/64', IPRange: '2001:db8::/80', Gateway: '2001:DB8::1' },
    { Subnet: '10.1.0.0/24', IPRange: '10.1.0.128/25', AuxiliaryAddresses: { a: '10.1.0.5', b: '10.1.0.6' } },
  ]);
  expect(addressing(nothing)).toEqual([]);
});

describe('refused', () => {
  test.each<[Partial<Parameters<typeof addressing>[0]>, string]>([
    [{ gateways: ['10.0.0.1'] }, 'every ip-range or gateway must have a corresponding subnet'],
    [
      { subnets: ['10.0.0.0/16', '10.0.1.0/24'] },
      'multiple overlapping subnet configuration is not supported',
    ],
    [{ subnets: ['10.0.0.0/16', 'x'] }, 'invalid subnet: invalid CIDR address: x'],
    [{ subnets: ['10.0.0.0/16'], gateways: ['10.1.0.1'] }, 'no matching subnet for gateway 10.1.0.1'],
    [{ subnets: ['10.0.0.0/16'], gateways: ['2001:db8::1'] }, 'no matching subnet for gateway 2001:db8::1'],
    [{ subnets: ['10.0.0.0/16'], auxiliary: { a: 'x' } }, 'no matching subnet for aux-address x'],
    [{ subnets: ['10.0.0.0/16'], ranges: ['x'] }, 'invalid CIDR address: x'],
  ])('%j', (given, text) => expect(() => addressing({ ...nothing, ...given })).toThrow(text));
  test('a single subnet is the daemon’s to judge', () => {
    expect(addressing({ ...nothing, subnets: ['x'] })).toEqual([{ Subnet: 'x' }]);
  });
});
