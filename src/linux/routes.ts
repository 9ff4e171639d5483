/** The host's IPv4 routes and link facts, from /proc of the caller's network namespace. */
import { existsSync, readFileSync } from 'node:fs';

export interface HostRoute {
  link: string;
  /** Unsigned 32-bit numbers in host order; a default route has prefix 0. */
  destination: number;
  prefix: number;
  gateway: number;
  metric: number;
}

/** `/proc/net/route` prints each address as the hexadecimal of its bytes in memory: little endian on every machine gantry runs on. */
function address(hex: string): number {
  const memory = Number.parseInt(hex, 16);
  return (
    (((memory & 255) << 24) |
      (((memory >>> 8) & 255) << 16) |
      (((memory >>> 16) & 255) << 8) |
      (memory >>> 24)) >>>
    0
  );
}

function prefixOf(mask: number): number {
  return mask === 0 ? 0 : 32 - Math.log2((~mask >>> 0) + 1);
}

/** The text of /proc/net/route (proc_pid_net(5), Linux net/ipv4/fib_trie.c `fib_route_seq_show`). */
export function parseRoutes(text: string): HostRoute[] {
  const routes: HostRoute[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [link, destination, gateway, , , , metric, mask] = line.trim().split(/\s+/);
    if (!link || !destination || !gateway || !mask) continue;
    routes.push({
      link,
      destination: address(destination),
      prefix: prefixOf(address(mask)),
      gateway: address(gateway),
      metric: Number(metric),
    });
  }
  return routes;
}

/**
 * Whether the network namespace of a process has a default route, whatever link it leads by (proc_pid_net(5)). null when the
 * process is gone, or the kernel does not know the family.
 */
export function hasDefaultRoute(pid: number, family: 4 | 6): boolean | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/net/${family === 4 ? 'route' : 'ipv6_route'}`, 'utf8');
  } catch {
    return null;
  }
  if (family === 4) return parseRoutes(text).some(({ prefix }) => prefix === 0);
  // Where there is none, lo has one that rejects.
  return text.split('\n').some((line) => /^0{32} 00 /.test(line) && !line.endsWith(' lo'));
}

export function hostRoutes(): HostRoute[] {
  return parseRoutes(readFileSync('/proc/net/route', 'utf8'));
}

/** The link that packets to the world leave by: of the default route with the lowest metric. */
export function defaultLink(routes: readonly HostRoute[]): string | null {
  const defaults = routes.filter((route) => route.prefix === 0 && route.gateway !== 0);
  return defaults.sort((a, b) => a.metric - b.metric)[0]?.link ?? null;
}

/** By /proc/sys, which follows the caller's network namespace; /sys/class/net follows whoever mounted it. */
export function linkExists(name: string): boolean {
  return existsSync(`/proc/sys/net/ipv4/conf/${name}`);
}

export function linkMtu(name: string): number | null {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'));
  } catch {
    return null;
  }
}
