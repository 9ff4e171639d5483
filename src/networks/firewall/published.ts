/**
 * The nftables rules of one bridge, as text: a table of our own that no other program touches and that touches no other.
 *
 *   published      (host address . protocol . port)  -> container address . port     -p 192.0.2.2:8080:80
 *   published_any  (protocol . port)                 -> container address . port     -p 8080:80
 *   ranges         (address . protocol . ports)      -> container address            -p 8000-8999:8000-8999
 *
 * So a port is one map element, and a range whose ports stay the same is one interval, however long it is.
 */
import { formatSubnet, type Subnet } from './addresses.ts';
import type { PublishedPort } from './model.ts';

export interface BridgeRules {
  bridge: string;
  subnet: Subnet;
  /** Containers of the network may talk to each other. */
  icc: boolean;
  /** Outgoing packets take the host's address. */
  masquerade: boolean;
}

/** A published port and the container's address it leads to. */
export interface Forwarding extends PublishedPort {
  address: string;
}

export const tableName = (bridge: string): string => `gantry-${bridge}`;

interface Element {
  map: 'published' | 'published_any' | 'ranges';
  key: string;
  value: string;
}

/** Runs of consecutive ports that keep their number become one interval; the rest are single elements. */
export function elements(forwardings: readonly Forwarding[]): Element[] {
  const sorted = [...forwardings].sort(
    (a, b) =>
      a.protocol.localeCompare(b.protocol) ||
      a.hostIp.localeCompare(b.hostIp) ||
      a.address.localeCompare(b.address) ||
      a.hostPort - b.hostPort,
  );
  const runs: { first: Forwarding; last: Forwarding }[] = [];
  for (const next of sorted) {
    const run = runs.at(-1);
    if (run && continues(run.last, next)) run.last = next;
    else runs.push({ first: next, last: next });
  }
  return runs.map(({ first, last }) => (first === last ? single(first) : interval(first, last)));
}

function continues(last: Forwarding, next: Forwarding): boolean {
  const same =
    last.protocol === next.protocol && last.hostIp === next.hostIp && last.address === next.address;
  const unchanged = last.hostPort === last.containerPort && next.hostPort === next.containerPort;
  return same && unchanged && next.hostPort === last.hostPort + 1;
}

function single({ hostIp, hostPort, protocol, address, containerPort }: Forwarding): Element {
  const value = `${address} . ${containerPort}`;
  return hostIp === '0.0.0.0'
    ? { map: 'published_any', key: `${protocol} . ${hostPort}`, value }
    : { map: 'published', key: `${hostIp} . ${protocol} . ${hostPort}`, value };
}

function interval(first: Forwarding, last: Forwarding): Element {
  const host = first.hostIp === '0.0.0.0' ? '0.0.0.0/0' : first.hostIp;
  const key = `${host} . ${first.protocol} . ${first.hostPort}-${last.hostPort}`;
  return { map: 'ranges', key, value: first.address };
}

function elementScript(verb: 'add' | 'delete', bridge: string, list: readonly Element[]): string {
  const lines: string[] = [];
  for (const map of ['published', 'published_any', 'ranges'] as const) {
    const items = list.filter((element) => element.map === map);
    const texts = items.map(({ key, value }) => (verb === 'add' ? `${key} : ${value}` : key));
    if (texts.length > 0)
      lines.push(`${verb} element ip ${tableName(bridge)} ${map} { ${texts.join(', ')} }`);
  }
  return lines.join('\n');
}

export const publishScript = (bridge: string, forwardings: readonly Forwarding[]): string =>
  elementScript('add', bridge, elements(forwardings));

export const withdrawScript = (bridge: string, forwardings: readonly Forwarding[]): string =>
  elementScript('delete', bridge, elements(forwardings));

/** Removes the table, if it is there. */
export const removeScript = (bridge: string): string =>
  `add table ip ${tableName(bridge)}\ndelete table ip ${tableName(bridge)}`;

/** Makes the table anew, whatever was there, with everything that is published: one transaction, so no packet meets a half-built table. */
export function tableScript(rules: BridgeRules, forwardings: readonly Forwarding[]): string {
  return `${removeScript(rules.bridge)}
table ip ${tableName(rules.bridge)} {
${maps}
${guard(rules)}
${redirection}
${translation(rules)}
${forwarding(rules)}
}
${publishScript(rules.bridge, forwardings)}
`;
}

const maps = `
  map published { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  map published_any { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map ranges { type ipv4_addr . inet_proto . inet_service : ipv4_addr; flags interval; }`;

/**
 * Before connection tracking. Loopback-published ports need route_localnet on the bridge, which would let containers talk to
 * servers on 127.0.0.1 (CVE-2020-8558): the first two rules take that back. The third keeps neighbours of the host,
 * who may route the subnet to it, from reaching ports that are not published.
 */
const guard = ({ bridge, subnet }: BridgeRules): string => `
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
    iifname "${bridge}" ip saddr 127.0.0.0/8 drop
    iifname != "${bridge}" ip daddr ${formatSubnet(subnet)} fib daddr type != local drop
  }`;

/** Not for 127.0.0.0/8 in prerouting: such packets come from a neighbour's forgery, and the kernel drops them as martians. */
const redirection = `
  chain publish {
    dnat ip to meta l4proto . th dport map @published_any
    dnat ip to ip daddr . meta l4proto . th dport map @published
    dnat ip to ip daddr . meta l4proto . th dport map @ranges
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump publish
  }`;

/** The first rule makes answers come back through the host: to 127.0.0.1, and to a container that called a published port of its own network. Everyone else's address is kept. */
const translation = ({ bridge, subnet, masquerade }: BridgeRules): string => `
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${bridge}" ct status dnat ip saddr { 127.0.0.0/8, ${formatSubnet(subnet)} } masquerade${
      masquerade ? `\n    oifname != "${bridge}" ip saddr ${formatSubnet(subnet)} masquerade` : ''
    }
  }`;

const forwarding = ({ bridge, icc }: BridgeRules): string => `
  chain forward {
    type filter hook forward priority filter; policy accept;
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" ct status dnat accept
    iifname "${bridge}" oifname "${bridge}" ${icc ? 'accept' : 'drop'}
    oifname "${bridge}" drop
  }`;
