/** The address pools of a network as it is recorded. */
import { parseCidr } from '../lib/ip.ts';
import type { Pools } from './driver.ts';
import { AddressPool } from './ipam.ts';
import type { Network } from './model.ts';

export function poolsOf({ name, id, ipam }: Pick<Network, 'name' | 'id' | 'ipam'>): Pools {
  const pools: Pools = { 4: null, 6: null };
  for (const config of ipam.config) {
    const family = parseCidr(config.subnet)?.subnet.family;
    if (family) pools[family] ??= new AddressPool(config, `${name} (${id})`);
  }
  return pools;
}
