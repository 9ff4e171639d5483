/** The addressing of a new network, refused with moby's texts (api/types/network/ipam.go) where its parts do not fit together. */
import { invalid } from '../../lib/errors.ts';
import {
  contains,
  type Family,
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseCidr,
} from '../../lib/ip.ts';
import type { IpamPool } from '../../networks/model.ts';
import { joinReasons } from './reasons.ts';

type Cidr = NonNullable<ReturnType<typeof parseCidr>>;

/** Without IPv6, subnets of it are not used, and so not looked at. */
export function checkIpam(pools: readonly IpamPool[], enableIpv6: boolean): void {
  const reasons = pools.flatMap((pool) => {
    const parent = parseCidr(pool.subnet);
    if (!parent) return [`invalid subnet ${pool.subnet}: invalid CIDR block notation`];
    return parent.subnet.family === 6 && !enableIpv6 ? [] : reasonsOf(pool, parent);
  });
  if (reasons.length > 0) throw invalid(`invalid network config:\n${joinReasons(reasons)}`);
}

function reasonsOf({ gateway, ipRange, auxiliary }: IpamPool, parent: Cidr): string[] {
  const addresses = [
    ...(gateway ? [[`gateway ${gateway}`, gateway] as const] : []),
    ...Object.entries(auxiliary).map(([name, text]) => [`auxiliary address ${name}`, text] as const),
  ];
  return [
    ...hostBits('subnet', parent),
    ...(ipRange ? rangeReasons(ipRange, parent) : []),
    ...addresses.flatMap(([what, text]) => {
      const reason = addressReason(text, parent);
      return reason === null ? [] : [`invalid ${what}: ${reason}`];
    }),
  ];
}

const textOf = ({ address, subnet }: Cidr): string => `${formatAddress(address)}/${subnet.prefix}`;

function hostBits(what: string, given: Cidr): string[] {
  if (given.address.value === given.subnet.base) return [];
  return [`invalid ${what} ${textOf(given)}: it should be ${formatSubnet(given.subnet)}`];
}

const otherFamily = (family: Family): string => `parent subnet is an IPv${family} block`;

function rangeReasons(text: string, parent: Cidr): string[] {
  const range = parseCidr(text);
  const wrong = (reason: string) => `invalid ip-range ${text}: ${reason}`;
  if (!range) return [wrong('invalid CIDR block notation')];
  if (range.subnet.family !== parent.subnet.family) return [wrong(otherFamily(parent.subnet.family))];
  return [
    ...(range.subnet.prefix < parent.subnet.prefix
      ? [wrong(`CIDR block is bigger than its parent subnet ${textOf(parent)}`)]
      : []),
    ...hostBits('ip-range', range),
    ...(overlaps(parent.subnet, range.subnet)
      ? []
      : [wrong(`parent subnet ${textOf(parent)} doesn't contain ip-range`)]),
  ];
}

function addressReason(text: string, parent: Cidr): string | null {
  const address = parseAddress(text);
  if (!address) return 'invalid address';
  if (address.family !== parent.subnet.family) return otherFamily(parent.subnet.family);
  return contains(parent.subnet, address)
    ? null
    : `parent subnet ${textOf(parent)} doesn't contain this address`;
}
