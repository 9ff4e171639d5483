/** The Linux bridge of a network: making it, its address and its sysctls. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { conflict, invalid } from '../lib/errors.ts';
import type { Log } from '../lib/op.ts';
import { linkAddress } from '../linux/link-address.ts';
import { runOperations } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { bridgePorts, linkExists } from '../linux/routes.ts';

/** IFNAMSIZ, and what both the kernel and nft accept unquoted. */
export function checkLinkName(name: string): string {
  if (!/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,14}$/.test(name)) throw invalid(`invalid bridge name: ${name}`);
  return name;
}

/** Makes bridge `name` with address `cidr`; what exists already stays. A bridge with another address is made anew unless containers are on it. */
export async function ensureBridge(name: string, cidr: string, mtu: number): Promise<void> {
  const operations: Operation[] = [];
  const present = linkExists(name);
  const address = present ? linkAddress(name) : null;
  if (address !== null && address !== cidr) {
    if (bridgePorts(name).length > 0)
      throw conflict(`bridge ${name} has address ${address}, not ${cidr}, and is in use`);
    operations.push({ op: 'link-delete', side: 'host', name });
  }
  if (!present || (address !== null && address !== cidr))
    operations.push({ op: 'bridge', side: 'host', name, mac: bridgeMac(), mtu });
  if (address !== cidr) operations.push({ op: 'address', side: 'host', link: name, cidr });
  operations.push({ op: 'link', side: 'host', name, up: true, mtu, rename: '' });
  await runOperations(operations);
}

/** Set explicitly, because a bridge without one changes its own with every port that comes and goes. */
const bridgeMac = (): string =>
  ['02', '42', ...(randomBytes(4).toString('hex').match(/../g) ?? [])].join(':');

/**
 * The bridge's settings. IPv6 is off and router advertisements are ignored, because a container could send forged ones
 * (CVE-2020-13401). route_localnet lets 127.0.0.1 be the source of a connection to a port published there; the
 * rules in ruleset.ts keep containers from abusing it.
 */
export function tuneBridge(name: string, log: Log): void {
  set(`ipv6/conf/${name}/accept_ra`, '0', log);
  set(`ipv6/conf/${name}/disable_ipv6`, '1', log);
  set(`ipv4/conf/${name}/route_localnet`, '1', log);
  // Published ports of the own network come and go by the same link, on purpose.
  set(`ipv4/conf/${name}/send_redirects`, '0', log);
}

function set(name: string, value: string, log: Log): void {
  const path = `/proc/sys/net/${name}`;
  if (!existsSync(path)) return;
  try {
    if (readFileSync(path, 'utf8').trim() !== value) writeFileSync(path, value);
  } catch (error) {
    log('warn', `cannot set ${path} to ${value}`, { error: String(error) });
  }
}
