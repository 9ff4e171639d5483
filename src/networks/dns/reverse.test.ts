import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatAddress } from '../../lib/ip.ts';
import { addressOf } from './reverse.ts';

test('names under in-addr.arpa and ip6.arpa', () => {
  expect(addressOf('4.0.9.10.in-addr.arpa')).toBe('10.9.0.4');
  const nibbles = `4${'.0'.repeat(29)}.d.f`;
  expect(addressOf(`${nibbles}.ip6.arpa`)).toBe('fd00::4');
});

test.each([
  '',
  'web',
  'in-addr.arpa',
  '.in-addr.arpa',
  '0.9.10.in-addr.arpa',
  '1.4.0.9.10.in-addr.arpa',
  '04.0.9.10.in-addr.arpa',
  '256.0.9.10.in-addr.arpa',
  'x.0.9.10.in-addr.arpa',
  '::1.in-addr.arpa',
  'ip6.arpa',
  `4${'.0'.repeat(30)}.ip6.arpa`,
  `g${'.0'.repeat(31)}.ip6.arpa`,
  `10${'.0'.repeat(31)}.ip6.arpa`,
])('%j stands for no address', (name) => {
  expect(addressOf(name)).toBeNull();
});

test('every address has a name', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 128n) - 1n), (value) => {
      const name = [...value.toString(16).padStart(32, '0')].reverse().join('.');
      expect(addressOf(`${name}.ip6.arpa`)).toBe(formatAddress({ family: 6, value }));
    }),
  );
});
