import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { contains, covers, formatAddress, formatSubnet, overlaps, parseAddress, parseCidr } from './ip.ts';

const round = (text: string) => {
  const address = parseAddress(text);
  return address && formatAddress(address);
};

describe('addresses', () => {
  test('what is one, in its shortest form', () => {
    for (const [text, short] of [
      ['10.0.0.1', '10.0.0.1'],
      ['0.0.0.0', '0.0.0.0'],
      ['::', '::'],
      ['::1', '::1'],
      ['fd00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
      ['fe80::', 'fe80::'],
      ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
      ['10:0:0:20::', '10:0:0:20::'],
    ] as const)
      expect(round(text)).toBe(short);
  });

  test('what is none', () => {
    for (const text of [
      ...['', '10.0.0', '10.0.0.256', '10.0.0.01', '1.2.3.4.5', ' 1.2.3.4', '0x1.2.3.4'],
      ...[
        ':',
        ':::',
        '1::2::3',
        '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8:9',
        '1:2:3:4:5:6:7::8',
        '12345::',
        'g::',
        '::1%lo',
      ],
      '::256.0.0.1',
    ])
      expect(parseAddress(text)).toBeNull();
  });

  test('IPv6 as the platform writes it', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (list) => {
        const text = list.map((group) => group.toString(16)).join(':');
        const platform = new URL(`http://[${text}]`).hostname.slice(1, -1);
        const mapped = platform.startsWith('::ffff:') && parseAddress(platform)?.value;
        if (!mapped) expect(round(text)).toBe(platform);
        expect(round(platform)).toBe(round(text));
      }),
    );
  });
});

describe('subnets', () => {
  const subnet = (text: string) => {
    const cidr = parseCidr(text);
    if (!cidr) throw new Error(text);
    return cidr.subnet;
  };
  test('text', () => {
    expect(formatSubnet(subnet('10.1.2.3/8'))).toBe('10.0.0.0/8');
    expect(formatSubnet(subnet('fd00:1::7/64'))).toBe('fd00:1::/64');
    expect(formatSubnet(subnet('0.0.0.0/0'))).toBe('0.0.0.0/0');
    for (const text of [
      '10.0.0.0',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '::/129',
      '10.0.0.0/8/8',
      '10.0.0.0/08',
      'x/8',
    ])
      expect(parseCidr(text)).toBeNull();
  });
  test('relations', () => {
    expect(overlaps(subnet('10.0.0.0/8'), subnet('10.9.0.0/16'))).toBe(true);
    expect(overlaps(subnet('10.0.0.0/9'), subnet('10.128.0.0/9'))).toBe(false);
    expect(overlaps(subnet('::/0'), subnet('0.0.0.0/0'))).toBe(false);
    expect(covers(subnet('10.0.0.0/8'), subnet('10.9.0.0/16'))).toBe(true);
    expect(covers(subnet('10.9.0.0/16'), subnet('10.0.0.0/8'))).toBe(false);
    expect(
      contains(
        subnet('fd00::/64'),
        subnet('fd00::ffff/128') && { family: 6, value: subnet('fd00::ffff/128').base },
      ),
    ).toBe(true);
  });
});
