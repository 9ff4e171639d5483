/** The matrix of reachability as a table: who calls, which way, and what becomes of it. See stage.ts for the cast. */
import type { Protocol } from './place.ts';
import { type Caller, type Family, gateways, ports, server } from './stage.ts';

export type Cell = `${Protocol}${Family}`;
/** `refused`, `silence`, or whom the server takes the caller for: `caller` (its own address), `gateway` (the bridge's). */
export type Row = Readonly<Record<Cell, string>>;

export interface Case {
  from: Caller;
  way: keyof typeof ways;
  becomes: Row;
  /** Where Docker 20.10 is another: what it does, and why. */
  docker?: { becomes: Row; why: string };
}

/** An address of each family, and a port for each protocol. */
interface Way {
  address: Record<Family, string>;
  port: Record<Protocol, number>;
}

const both = (port: number) => ({ tcp: port, udp: port });
const host = { 4: '192.0.2.1', 6: 'fd00:c000:2::1' };
const loopback = { 4: '127.0.0.1', 6: '::1' };

export const ways = {
  'published, by the host': { address: host, port: both(ports.published) },
  'published, by the bridge': { address: gateways('shop'), port: both(ports.published) },
  'published, by the bridge of an internal network': {
    address: gateways('vault'),
    port: both(ports.published),
  },
  'published, by the loopback': { address: loopback, port: both(ports.published) },
  'published on 127.0.0.1, by the host': { address: host, port: both(ports.local) },
  'published on 127.0.0.1, by the bridge': { address: gateways('shop'), port: both(ports.local) },
  'published on 127.0.0.1, by the loopback': { address: loopback, port: both(ports.local) },
  'published, by the container': { address: server, port: ports },
  'not published, by the container': { address: server, port: both(ports.hidden) },
} satisfies Record<string, Way>;

const all = (outcome: string): Row => ({ tcp4: outcome, udp4: outcome, tcp6: outcome, udp6: outcome });
const caller = all('caller');
const gateway = all('gateway');
const refused = all('refused');
const silence = all('silence');

const routed = 'Docker before 28 leaves containers open to whoever has a route to them';
const proxied = 'docker-proxy answers datagrams from another address than the one that was called';
const lost = { becomes: { ...gateway, udp4: 'silence', udp6: 'silence' }, why: proxied };
const astray = {
  becomes: silence,
  why: 'Docker 20.10 gives containers of internal networks a default route',
};

export const cases: readonly Case[] = [
  { from: 'host', way: 'published, by the host', becomes: caller },
  { from: 'host', way: 'published, by the bridge', becomes: gateway },
  {
    from: 'host',
    way: 'published, by the loopback',
    // IPv6 has no route_localnet: the kernel drops what a container answers to ::1, so only a process could serve it.
    becomes: { ...gateway, tcp6: 'refused', udp6: 'silence' },
    docker: { becomes: gateway, why: 'docker-proxy serves ::1' },
  },
  { from: 'host', way: 'published on 127.0.0.1, by the host', becomes: refused },
  { from: 'host', way: 'published on 127.0.0.1, by the bridge', becomes: refused },
  {
    from: 'host',
    way: 'published on 127.0.0.1, by the loopback',
    becomes: { ...gateway, tcp6: 'refused', udp6: 'refused' },
  },
  { from: 'host', way: 'published, by the container', becomes: gateway },
  { from: 'host', way: 'not published, by the container', becomes: gateway },

  { from: 'outside', way: 'published, by the host', becomes: caller },
  { from: 'outside', way: 'published, by the bridge', becomes: caller },
  { from: 'outside', way: 'published on 127.0.0.1, by the host', becomes: refused },
  { from: 'outside', way: 'published on 127.0.0.1, by the bridge', becomes: refused },
  {
    from: 'outside',
    way: 'published, by the container',
    becomes: silence,
    docker: { becomes: caller, why: routed },
  },
  {
    from: 'outside',
    way: 'not published, by the container',
    becomes: silence,
    // It closes IPv6, whose forwarding it turns on itself; the host forwarded IPv4 before.
    docker: { becomes: { ...caller, tcp6: 'silence', udp6: 'silence' }, why: routed },
  },

  { from: 'colleague', way: 'published, by the host', becomes: gateway, docker: lost },
  { from: 'colleague', way: 'published, by the bridge', becomes: gateway },
  { from: 'colleague', way: 'published on 127.0.0.1, by the host', becomes: refused },
  { from: 'colleague', way: 'published on 127.0.0.1, by the bridge', becomes: refused },
  { from: 'colleague', way: 'published, by the container', becomes: caller },
  { from: 'colleague', way: 'not published, by the container', becomes: caller },

  { from: 'stranger', way: 'published, by the host', becomes: gateway, docker: lost },
  { from: 'stranger', way: 'published, by the bridge', becomes: gateway, docker: lost },
  { from: 'stranger', way: 'published on 127.0.0.1, by the host', becomes: refused },
  { from: 'stranger', way: 'published on 127.0.0.1, by the bridge', becomes: refused },
  { from: 'stranger', way: 'published, by the container', becomes: silence },
  { from: 'stranger', way: 'not published, by the container', becomes: silence },

  { from: 'recluse', way: 'published, by the host', becomes: refused, docker: astray },
  { from: 'recluse', way: 'published, by the bridge of an internal network', becomes: silence },
  { from: 'recluse', way: 'published, by the container', becomes: refused, docker: astray },
  { from: 'recluse', way: 'not published, by the container', becomes: refused, docker: astray },
];
