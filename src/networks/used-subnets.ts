/** Which addresses a new network must leave alone. */
import { type Address, type Family, overlaps, parseAddress, parseCidr, type Subnet } from '../lib/ip.ts';
import { linkIndex } from '../linux/link-address.ts';
import { routedSubnets } from '../linux/routed-subnets.ts';
import type { Network } from './model.ts';
import { hostResolver } from './resolver.ts';

/** Of both families. */
export const subnetsOf = ({ ipam }: Pick<Network, 'ipam'>): Subnet[] =>
  ipam.config.map(({ subnet }) => parseCidr(subnet)?.subnet).filter((subnet) => subnet !== undefined);

/** What the host routes, except by link `own`. */
export function routedElsewhere(family: Family, own: string): Subnet[] {
  const index = own === '' ? null : linkIndex(own);
  return routedSubnets(family)
    .filter(({ link }) => link !== index)
    .map(({ subnet }) => subnet);
}

/** What a network without a subnet of the user's must not overlap: routes of the host, and networks whose links may be down. */
export const usedSubnets = (family: Family, networks: readonly Network[], own = ''): Subnet[] => [
  ...routedElsewhere(family, own),
  ...networks.flatMap(subnetsOf).filter((subnet) => subnet.family === family),
];

/** The host's nameservers: they may be behind its default route. */
export const nameserverAddresses = (): Address[] =>
  hostResolver()
    .nameservers.map(parseAddress)
    .filter((address) => address !== null);

export const anyOverlap = (subnet: Subnet, others: readonly Subnet[]): boolean =>
  others.some((other) => overlaps(subnet, other));
