/** Choosing a subnet for a network when the user names none. */
import { unavailable } from '../lib/errors.ts';
import { contains, overlaps, type Subnet, subnetOf } from './addresses.ts';

/**
 * Docker's first pools, 172.17.0.0/16 to 172.31.0.0/16, then 10.200.0.0/16 to 10.254.0.0/16. Docker's last resort,
 * 192.168.0.0/16, is left out: it is what home and office networks use, and a collision cuts the host off from them.
 */
export const defaultPools: readonly Subnet[] = [
  ...Array.from({ length: 15 }, (_, i) => subnetOf(((172 << 24) >>> 0) + ((17 + i) << 16), 16)),
  ...Array.from({ length: 55 }, (_, i) => subnetOf((10 << 24) + ((200 + i) << 16), 16)),
];

/** The first pool that overlaps nothing of `used` (host routes, other networks) and holds none of `addresses` (nameservers). */
export function chooseSubnet(
  used: readonly Subnet[],
  addresses: readonly number[],
  pools: readonly Subnet[] = defaultPools,
): Subnet {
  const free = pools.find(
    (pool) =>
      !used.some((other) => overlaps(pool, other)) && !addresses.some((address) => contains(pool, address)),
  );
  if (!free) throw unavailable('all predefined address pools have been fully subnetted');
  return free;
}
