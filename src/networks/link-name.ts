/** Names of links, the host's and those inside. */
import { invalid } from '../lib/errors.ts';

/** IFNAMSIZ, and what both the kernel and nft accept. */
export function checkLinkName(name: string): string {
  if (!/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,14}$/.test(name)) throw invalid(`invalid link name: ${name}`);
  return name;
}

/** Unique on the host as long as endpoint ids are; 11 characters of the 15 that a link name may have. */
export const vethName = (endpointId: string): string => `veth${endpointId.slice(0, 7)}`;
export const vethPattern = /^veth[0-9a-f]{7}$/;

/** The bridge of a user-defined network, as Docker names it. */
export const bridgeName = (networkId: string): string => `br-${networkId.slice(0, 12)}`;
/** The parent of a macvlan or ipvlan network that has none of the host's. */
export const dummyName = (networkId: string): string => `dm-${networkId.slice(0, 12)}`;
