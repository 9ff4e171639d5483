/** What the host has routes to, in every routing table: VPNs put theirs into tables of their own (rtnetlink(7)). */
import { type Address, bitsOf, type Family, type Subnet, subnetOf } from '../lib/ip.ts';
import { attributesOf, netlinkDump } from './netlink.ts';

const NETLINK_ROUTE = 0;
const RTM_GETROUTE = 26;
const AF_INET = 2;
const AF_INET6 = 10;
const RTA_DST = 1;
const RTA_OIF = 4;
/** struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags. */
const rtmsgSize = 12;
/** RTN_*: broadcast, anycast and multicast routes are the kernel's own and lead nowhere that a network could be. */
const ofTheKernel = new Set([3, 4, 5]);

/** A route; link 0 = none (a blackhole). Default routes are left out. */
export interface RoutedSubnet {
  link: number;
  subnet: Subnet;
}

export function routedSubnets(family: Family): RoutedSubnet[] {
  const request = Buffer.alloc(rtmsgSize);
  request[0] = family === 4 ? AF_INET : AF_INET6;
  return netlinkDump(NETLINK_ROUTE, RTM_GETROUTE, request).flatMap((message) => {
    const prefix = message[1] ?? 0;
    const destination = attributesOf(message, rtmsgSize).get(RTA_DST);
    if (prefix === 0 || prefix > bitsOf(family) || !destination || ofTheKernel.has(message[7] ?? 0))
      return [];
    const address: Address = { family, value: BigInt(`0x${destination.toString('hex')}`) };
    const link = attributesOf(message, rtmsgSize).get(RTA_OIF)?.readUInt32LE() ?? 0;
    return [{ link, subnet: subnetOf(address, prefix) }];
  });
}
