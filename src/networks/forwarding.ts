/** Turning on forwarding without making the host a router for its neighbours. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Family } from '../lib/ip.ts';
import type { Nft } from '../linux/nft.ts';

const table = 'gantry-forwarding';
const settings = (family: Family): string => `/proc/sys/net/ipv${family}/conf`;
const switchFile: Record<Family, string> = {
  4: '/proc/sys/net/ipv4/ip_forward',
  6: '/proc/sys/net/ipv6/conf/all/forwarding',
};

const read = (path: string): string => readFileSync(path, 'utf8').trim();

/** A chain for each family in a table for all gantry daemons of the host: it goes only with a reboot, as the setting does. */
export function forwardingScript(family: Family, links: readonly string[]): string {
  const list = links.map((name) => `"${name}"`).join(', ');
  return `table inet ${table} {
  chain forward${family} {
    type filter hook forward priority filter; policy accept;
  }
}
flush chain inet ${table} forward${family}
add rule inet ${table} forward${family} meta nfproto ipv${family} iifname { ${list} } oifname { ${list} } drop
`;
}

/** Every link of the host; `all` and `default` are not links, and nothing is forwarded by lo. */
function presentLinks(family: Family, own: ReadonlySet<string>): string[] {
  const settingsOnly = new Set(['all', 'default', 'lo']);
  return readdirSync(settings(family)).filter((name) => !settingsOnly.has(name) && !own.has(name));
}

/**
 * Containers need the host to forward. On a host that had it off, the links that are there at this moment go on not being
 * forwarded between; those that come later (of libvirt, Podman, Docker) are their makers' business. On a host that had it
 * on nothing changes. `own`: the links of our networks.
 */
export async function enableForwarding(nft: Nft, family: Family, own: ReadonlySet<string>): Promise<void> {
  if (read(switchFile[family]) === '1') return;
  const links = presentLinks(family, own);
  if (links.length > 0) await nft.apply(forwardingScript(family, links));
  if (family === 6) keepListening(links);
  writeFileSync(switchFile[family], '1');
}

/** A host that forwards IPv6 ignores router advertisements, and so loses its own way out, unless told otherwise (ip-sysctl: accept_ra). */
function keepListening(links: readonly string[]): void {
  for (const name of links) {
    const file = `${settings(6)}/${name}/accept_ra`;
    if (read(file) === '1') writeFileSync(file, '2');
  }
}
