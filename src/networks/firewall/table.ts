/**
 * The nftables rules of an engine, as text: one table of our own that no other program touches and that touches no other.
 *
 *   raw       guard        forged loopback addresses, router advertisements of containers, calls past the published ports
 *   dstnat    prerouting   published ports, for callers from outside and from containers
 *   dstnat    output       published ports, for the host itself
 *   filter    forward      who may reach whom
 *   srcnat    postrouting  whose address a packet carries
 */
import { type NetworkRules, networkParts } from './network-rules.ts';
import {
  type Element,
  elementScript,
  elementsOf,
  type Forwarding,
  publishedMaps,
  redirection,
} from './published.ts';

/** One container may call ports of another on a network with `icc` off. Addresses of one family. */
export interface OpenPassage {
  from: string;
  to: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  port: number;
}

export function passageElements(passages: readonly OpenPassage[]): Element[] {
  return passages.map(({ from, to, protocol, port }) => ({
    of: `passages${from.includes(':') ? 6 : 4}`,
    key: `${from} . ${to} . ${protocol} . ${port}`,
    value: null,
  }));
}

/** Everything that a table holds. */
export interface TableContent {
  networks: readonly NetworkRules[];
  forwardings: readonly Forwarding[];
  passages: readonly OpenPassage[];
}

/** Removes the table, if it is there. */
export const removeScript = (table: string): string => `add table inet ${table}\ndelete table inet ${table}`;

/** Makes the table anew, whatever was there: one transaction, so no packet meets a half-built table. */
export function tableScript(table: string, { networks, forwardings, passages }: TableContent): string {
  const parts = networks.map(networkParts);
  const elements = [
    ...parts.flatMap((part) => part.elements),
    ...elementsOf(forwardings),
    ...passageElements(passages),
  ];
  return [
    removeScript(table),
    `table inet ${table} {${maps}${guard}${redirection(4)}${redirection(6)}${translation}${forward}
${parts.map(({ chains }) => chains).join('\n')}
}`,
    elementScript('add', table, elements),
  ].join('\n');
}

const maps = `
  set bridges { type ifname; }
  map guarded4 { type ipv4_addr : verdict; flags interval; }
  map guarded6 { type ipv6_addr : verdict; flags interval; }
  map sources4 { type ipv4_addr : verdict; flags interval; }
  map sources6 { type ipv6_addr : verdict; flags interval; }
  map leaving { type ifname : verdict; }
  map entering { type ifname : verdict; }
  set passages4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service; }
  set passages6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service; }${publishedMaps(4)}${publishedMaps(6)}`;

/**
 * Before connection tracking. Loopback-published ports need route_localnet on the bridges, which would let containers talk to
 * servers on 127.0.0.1 (CVE-2020-8558): the first two rules take that back. The third is for CVE-2020-13401.
 */
const guard = `
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname @bridges ip daddr 127.0.0.0/8 drop
    iifname @bridges ip saddr 127.0.0.0/8 drop
    iifname @bridges icmpv6 type nd-router-advert drop
    ip daddr vmap @guarded4
    ip6 daddr vmap @guarded6
  }`;

/**
 * Not for 127.0.0.0/8 in prerouting: such packets come from a neighbour's forgery, and the kernel drops them as martians. Not
 * for ::1 at all: IPv6 has no route_localnet, so the answers would be dropped. There the port's holder refuses, and a client
 * that tried ::1 for `localhost` goes on to 127.0.0.1 at once.
 */
const translation = `
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local jump publish4
    meta nfproto ipv6 fib daddr type local jump publish6
  }
  chain output {
    type nat hook output priority -100; policy accept;
    meta nfproto ipv4 fib daddr type local jump publish4
    ip6 daddr != ::1 fib daddr type local jump publish6
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ct status dnat ip saddr 127.0.0.0/8 masquerade
    ip saddr vmap @sources4
    ip6 saddr vmap @sources6
  }`;

const forward = `
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname vmap @leaving
    oifname vmap @entering
  }`;
