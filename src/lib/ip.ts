/** Addresses of both families as numbers, and subnets. Text forms: RFC 4632 (CIDR), RFC 5952 (IPv6). */

export type Family = 4 | 6;

export interface Address {
  family: Family;
  /** Unsigned, in host order: 32 bits or 128. */
  value: bigint;
}

/** A range of addresses whose `base` has no host bits. */
export interface Subnet {
  family: Family;
  base: bigint;
  prefix: number;
}

const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

export const bitsOf = (family: Family): number => (family === 4 ? 32 : 128);

/** Leading zeros are refused: some parsers read them as octal (CVE-2021-29923). */
function parseIpv4(text: string): bigint | null {
  const parts = dotted.exec(text)?.slice(1);
  if (!parts?.every((part) => Number(part) <= 255 && (part === '0' || !part.startsWith('0')))) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

/** The last 32 bits may be dotted (::ffff:10.0.0.1); zones (%eth0) are refused. */
function parseIpv6(text: string): bigint | null {
  const embedded = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text);
  if (embedded) {
    const low = parseIpv4(embedded[2] ?? '');
    if (low === null) return null;
    return parseIpv6(`${embedded[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** null when `text` is no address of either family. */
export function parseAddress(text: string): Address | null {
  const family = text.includes(':') ? 6 : 4;
  const value = family === 4 ? parseIpv4(text) : parseIpv6(text);
  return value === null ? null : { family, value };
}

const formatIpv4 = (value: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');

/** RFC 5952: lower case, the longest run of at least two zero groups as `::`, the first of equals. */
function formatIpv6(value: bigint): string {
  if (value >> 32n === 0xffffn) return `::ffff:${formatIpv4(value & 0xffffffffn)}`;
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  const [longest = ''] = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)]
    .map(([run]) => run)
    .sort((a, b) => b.length - a.length);
  if (longest === '') return groups.join(':');
  return groups.join(':').replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
}

export const formatAddress = ({ family, value }: Address): string =>
  family === 4 ? formatIpv4(value) : formatIpv6(value);

export const subnetSize = ({ family, prefix }: Subnet): bigint => 1n << BigInt(bitsOf(family) - prefix);
export const lastAddress = (subnet: Subnet): bigint => subnet.base + subnetSize(subnet) - 1n;
export const formatSubnet = ({ family, base, prefix }: Subnet): string =>
  `${formatAddress({ family, value: base })}/${prefix}`;

export function subnetOf({ family, value }: Address, prefix: number): Subnet {
  const hostBits = BigInt(bitsOf(family) - prefix);
  return { family, base: (value >> hostBits) << hostBits, prefix };
}

export const contains = (subnet: Subnet, { family, value }: Address): boolean =>
  subnet.family === family && value >= subnet.base && value <= lastAddress(subnet);

export const overlaps = (a: Subnet, b: Subnet): boolean =>
  a.family === b.family && a.base <= lastAddress(b) && b.base <= lastAddress(a);

/** Whether all of `inner` is in `outer`. */
export const covers = (outer: Subnet, inner: Subnet): boolean =>
  outer.prefix <= inner.prefix && contains(outer, { family: inner.family, value: inner.base });

/** An address with its prefix length, as in `--bip 172.17.0.1/16`. null when it is not one. */
export function parseCidr(text: string): { address: Address; subnet: Subnet } | null {
  const [host = '', bits = '', ...rest] = text.split('/');
  const address = parseAddress(host);
  if (!address || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return null;
  const prefix = Number(bits);
  if (prefix > bitsOf(address.family)) return null;
  return { address, subnet: subnetOf(address, prefix) };
}
