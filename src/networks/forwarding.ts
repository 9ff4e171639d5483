/** Turning on IPv4 forwarding without making the host a router for its neighbours. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Nft } from '../linux/nft.ts';

const switchFile = '/proc/sys/net/ipv4/ip_forward';

/** A table for all gantry daemons of the host: it goes only with a reboot, as the setting does. */
export function forwardingScript(links: readonly string[]): string {
  const list = links.map((name) => `"${name}"`).join(', ');
  return `add table ip gantry
delete table ip gantry
table ip gantry {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname { ${list} } oifname { ${list} } drop
  }
}
`;
}

/** Every link with IPv4; `all` and `default` are not links, nothing is forwarded by lo, and `own` is the bridge. */
function presentLinks(own: string): string[] {
  const settings = new Set(['all', 'default', 'lo', own]);
  return readdirSync('/proc/sys/net/ipv4/conf').filter((name) => !settings.has(name));
}

/**
 * Containers need net.ipv4.ip_forward. On a host that had it off, the links that are there at this moment go on not being
 * forwarded between; those that come later (of libvirt, Podman, Docker) are their makers' business. On a host that had it
 * on nothing changes.
 */
export async function enableForwarding(nft: Nft, bridge: string): Promise<void> {
  if (readFileSync(switchFile, 'utf8').trim() === '1') return;
  const links = presentLinks(bridge);
  if (links.length > 0) await nft.apply(forwardingScript(links));
  writeFileSync(switchFile, '1');
}
