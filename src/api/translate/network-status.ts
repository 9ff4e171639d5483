/** How full a network's subnets are (since API 1.52). */
import {
  type Address,
  contains,
  formatSubnet,
  lastAddress,
  parseAddress,
  parseCidr,
  type Subnet,
  subnetSize,
} from '../../lib/ip.ts';
import type { IpamPool, Network } from '../../networks/model.ts';
import type { NetworkStatus, SubnetStatus } from '../types/networks.ts';
import type { Member } from './network.ts';

export function networkStatus(network: Network, members: readonly Member[]): NetworkStatus {
  const given = members
    .flatMap(({ endpoint }) => [endpoint.ipAddress, endpoint.ipv6Address])
    .flatMap((text) => parseAddress(text) ?? []);
  // A network that is only configuration holds no addresses.
  const pools = network.configOnly ? [] : network.ipam.config;
  const statuses = pools.flatMap((pool) => {
    const subnet = parseCidr(pool.subnet)?.subnet;
    return subnet ? [[formatSubnet(subnet), subnetStatus(pool, subnet, given)] as const] : [];
  });
  return { IPAM: statuses.length > 0 ? { Subnets: Object.fromEntries(statuses) } : {} };
}

function subnetStatus(pool: IpamPool, subnet: Subnet, given: readonly Address[]): SubnetStatus {
  const range = parseCidr(pool.ipRange)?.subnet ?? subnet;
  const reserved = [pool.gateway, ...Object.values(pool.auxiliary)].flatMap(
    (text) => parseAddress(text) ?? [],
  );
  const used = new Map(
    [...edges(subnet), ...reserved, ...given]
      .filter((address) => contains(subnet, address))
      .map((address) => [address.value, address]),
  );
  const inRange = [...used.values()].filter((address) => contains(range, address)).length;
  return {
    IPsInUse: used.size,
    DynamicIPsAvailable: saturated(subnetSize(range) - BigInt(inRange)),
  };
}

/** Never given to a container: network and broadcast address, or in IPv6 the anycast address of the routers. */
function edges(subnet: Subnet): Address[] {
  const { family, base } = subnet;
  if (family === 6) return [{ family, value: base }];
  if (subnet.prefix >= 31) return [];
  return [
    { family, value: base },
    { family, value: lastAddress(subnet) },
  ];
}

const maximum = 2n ** 64n - 1n;

/** A number given as text (ECMAScript's JSON.rawJSON, which TypeScript does not declare yet). */
const rawJson: (text: string) => number = Reflect.get(JSON, 'rawJSON');

/** As an unsigned 64-bit number in JSON, the largest one standing for all beyond. */
function saturated(value: bigint): number {
  if (value <= Number.MAX_SAFE_INTEGER) return Number(value);
  return rawJson(String(value < maximum ? value : maximum));
}
