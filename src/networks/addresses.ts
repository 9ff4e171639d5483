/** IPv4 addresses as unsigned 32-bit numbers, and subnets. */
import { invalid } from '../lib/errors.ts';

const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** null when `text` is not a dotted quad. Leading zeros are refused: some parsers read them as octal (CVE-2021-29923). */
export function parseIpv4(text: string): number | null {
  const parts = dotted.exec(text)?.slice(1);
  if (!parts) return null;
  let value = 0;
  for (const part of parts) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

/** A range of addresses whose `base` has no host bits. */
export interface Subnet {
  base: number;
  /** 0 to 32. */
  prefix: number;
}

export const subnetSize = (subnet: Subnet): number => 2 ** (32 - subnet.prefix);
export const broadcast = (subnet: Subnet): number => subnet.base + subnetSize(subnet) - 1;
export const formatSubnet = (subnet: Subnet): string => `${formatIpv4(subnet.base)}/${subnet.prefix}`;

export function subnetOf(address: number, prefix: number): Subnet {
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(address / size) * size, prefix };
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address <= broadcast(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base <= broadcast(b) && b.base <= broadcast(a);
}

/** An address with its prefix length, as in `--bip 172.17.0.1/16`. null when it is not one. */
export function parseCidr(text: string): { address: number; subnet: Subnet } | null {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = parseIpv4(match?.[1] ?? '');
  const prefix = Number(match?.[2]);
  if (address === null || prefix > 32) return null;
  return { address, subnet: subnetOf(address, prefix) };
}

/** The daemon's `--bip`: an address inside a subnet with room for containers. */
export function parseBip(text: string): { address: number; subnet: Subnet } {
  const cidr = parseCidr(text);
  if (!cidr) throw invalid(`invalid CIDR address: ${text}`);
  const { address, subnet } = cidr;
  if (subnet.prefix < 8 || subnet.prefix > 30)
    throw invalid(`bip ${text}: the prefix length must be between 8 and 30`);
  if (address === subnet.base || address === broadcast(subnet))
    throw invalid(`bip ${text}: the bridge needs a host address of the subnet`);
  return cidr;
}
