/** Choosing a subnet for a network when the user names none. */
import { invalid, unavailable } from '../lib/errors.ts';
import { type Address, contains, overlaps, parseCidr, type Subnet, subnetOf } from '../lib/ip.ts';

/** A range (CIDR) cut into subnets of a prefix length, as in `--default-address-pool`. Throws for what cannot be cut. */
export function slicePool(range: string, prefix: number): Subnet[] {
  const cidr = parseCidr(range);
  if (cidr?.subnet.family !== 4) throw invalid(`invalid default address pool ${range}: not an IPv4 range`);
  const { subnet } = cidr;
  if (prefix < subnet.prefix || prefix > 30)
    throw invalid(
      `invalid default address pool ${range}: the subnet size must be between ${subnet.prefix} and 30`,
    );
  // More networks than that no host has.
  const count = Math.min(2 ** (prefix - subnet.prefix), 4096);
  const size = 1n << BigInt(32 - prefix);
  return Array.from({ length: count }, (_, i) => ({
    family: 4,
    base: subnet.base + BigInt(i) * size,
    prefix,
  }));
}

/**
 * Docker's first pools, 172.17.0.0/16 to 172.31.0.0/16, then 10.200.0.0/16 to 10.254.0.0/16, then as many /24 of 10.255.0.0/16
 * as there are. Docker's last resort, 192.168.0.0/16, is left out: it is what home and office networks use, and a collision
 * cuts the host off from them.
 */
export const defaultPools: readonly Subnet[] = [
  ...slicePool('172.0.0.0/8', 16).slice(17, 32),
  ...slicePool('10.0.0.0/8', 16).slice(200, 255),
  ...slicePool('10.255.0.0/16', 24),
];

/** The first pool that overlaps nothing of `used` (host routes, other networks) and holds none of `addresses` (nameservers). */
export function chooseSubnet(
  used: readonly Subnet[],
  addresses: readonly Address[],
  pools: readonly Subnet[] = defaultPools,
): Subnet {
  const free = pools.find(
    (pool) =>
      !used.some((other) => overlaps(pool, other)) && !addresses.some((address) => contains(pool, address)),
  );
  if (!free) throw unavailable('all predefined address pools have been fully subnetted');
  return free;
}

/**
 * A /64 of unique local addresses (RFC 4193). The global id (40 bits) is the engine's own, so it stays the same for an
 * engine and differs between hosts; the subnet id counts up.
 */
export function chooseSubnet6(used: readonly Subnet[], globalId: bigint): Subnet {
  const prefix48 = (0xfdn << 120n) | ((globalId & 0xff_ffff_ffffn) << 80n);
  for (let subnetId = 0n; subnetId < 0x10000n; subnetId++) {
    const candidate = subnetOf({ family: 6, value: prefix48 | (subnetId << 64n) }, 64);
    if (!used.some((other) => overlaps(candidate, other))) return candidate;
  }
  throw unavailable('all predefined address pools have been fully subnetted');
}
