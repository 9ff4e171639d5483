/**
 * Published ports as elements of the table's maps, for each family:
 *
 *   published  (host address . protocol . port)  -> container address . port     -p 192.0.2.2:8080:80
 *   anywhere   (protocol . port)                 -> container address . port     -p 8080:80
 *   ranges     (address . protocol . ports)      -> container address            -p 8000-8999:8000-8999
 *   open       container address . protocol . ports                              -p 80 on a routed network
 *
 * So a port is one element, and a range whose ports stay the same is one interval, however long it is.
 */
import type { Family } from '../../lib/ip.ts';
import type { PublishedPort } from '../model.ts';

/** A published port and the container's address it leads to. */
export interface Forwarding extends PublishedPort {
  address: string;
  /** The network is routed: the host's port leads nowhere, the container's own is open to the world. */
  routed: boolean;
}

export interface Element {
  /** Of a map or set of the table. */
  of: string;
  key: string;
  /** null in a set. */
  value: string | null;
}

/** Declarations of the maps of one family. */
export function publishedMaps(family: Family): string {
  const address = `ipv${family}_addr`;
  return `
  map published${family} { type ${address} . inet_proto . inet_service : ${address} . inet_service; }
  map anywhere${family} { type inet_proto . inet_service : ${address} . inet_service; }
  map ranges${family} { type ${address} . inet_proto . inet_service : ${address}; flags interval; }
  set open${family} { type ${address} . inet_proto . inet_service; flags interval; }`;
}

/** Runs of consecutive ports that keep their number become one interval; the rest are single elements. */
export function elementsOf(forwardings: readonly Forwarding[]): Element[] {
  const sorted = [...forwardings].sort(
    (a, b) =>
      a.protocol.localeCompare(b.protocol) ||
      a.hostIp.localeCompare(b.hostIp) ||
      a.address.localeCompare(b.address) ||
      (a.routed ? a.containerPort - b.containerPort : a.hostPort - b.hostPort),
  );
  const runs: { first: Forwarding; last: Forwarding }[] = [];
  for (const next of sorted) {
    const run = runs.at(-1);
    if (run && continues(run.last, next)) run.last = next;
    else runs.push({ first: next, last: next });
  }
  return runs.map(({ first, last }) =>
    first.routed ? opening(first, last) : first === last ? single(first) : interval(first, last),
  );
}

function continues(last: Forwarding, next: Forwarding): boolean {
  const same =
    last.protocol === next.protocol && last.hostIp === next.hostIp && last.address === next.address;
  if (!same || last.routed !== next.routed || next.containerPort !== last.containerPort + 1) return false;
  return last.routed || (last.hostPort === last.containerPort && next.hostPort === next.containerPort);
}

const isAny = (hostIp: string): boolean => hostIp === '0.0.0.0' || hostIp === '::';
const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4);
const target = (address: string, port: number): string => `${address} . ${port}`;

function single({ hostIp, hostPort, protocol, address, containerPort }: Forwarding): Element {
  const value = target(address, containerPort);
  const family = familyOf(address);
  return isAny(hostIp)
    ? { of: `anywhere${family}`, key: `${protocol} . ${hostPort}`, value }
    : { of: `published${family}`, key: `${hostIp} . ${protocol} . ${hostPort}`, value };
}

function interval(first: Forwarding, last: Forwarding): Element {
  const host = isAny(first.hostIp) ? `${first.hostIp}/0` : first.hostIp;
  const key = `${host} . ${first.protocol} . ${first.hostPort}-${last.hostPort}`;
  return { of: `ranges${familyOf(first.address)}`, key, value: first.address };
}

function opening(first: Forwarding, last: Forwarding): Element {
  const ports = first === last ? first.containerPort : `${first.containerPort}-${last.containerPort}`;
  const key = `${first.address} . ${first.protocol} . ${ports}`;
  return { of: `open${familyOf(first.address)}`, key, value: null };
}

/** One command for each map that has any. */
export function elementScript(verb: 'add' | 'delete', table: string, list: readonly Element[]): string {
  const maps = [...new Set(list.map((element) => element.of))].sort();
  return maps
    .map((of) => {
      const texts = list
        .filter((element) => element.of === of)
        .map(({ key, value }) => (verb === 'add' && value !== null ? `${key} : ${value}` : key));
      return `${verb} element inet ${table} ${of} { ${texts.join(', ')} }`;
    })
    .join('\n');
}

/** Rules of the nat chains. */
export function redirection(family: Family): string {
  const ip = family === 4 ? 'ip' : 'ip6';
  return `
  chain publish${family} {
    dnat ${ip} to meta l4proto . th dport map @anywhere${family}
    dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @published${family}
    dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @ranges${family}
  }`;
}
