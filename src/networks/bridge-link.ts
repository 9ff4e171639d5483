/** The Linux bridge of a network: making it, its addresses and its settings. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { conflict } from '../lib/errors.ts';
import { bridgePorts } from '../linux/bridge-port.ts';
import { linkAddress, linkAddresses6, linkIsUp } from '../linux/link-address.ts';
import { runOperations } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { linkExists } from '../linux/routes.ts';

export interface BridgeLink {
  name: string;
  /** "" = none: the network is for its containers alone. */
  ipv4: string;
  ipv6: string;
  mtu: number;
  /** Made by gantry. The administrator's only gets what containers need: it may carry more than them. */
  ours: boolean;
}

/** Makes the bridge and gives it its addresses; what exists already stays. Returns whether something was missing. */
export async function ensureBridge(bridge: BridgeLink): Promise<boolean> {
  const { name, ipv4, ipv6, mtu, ours } = bridge;
  const present = linkExists(name) && keepsAddress(bridge);
  const operations: Operation[] = [];
  if (linkExists(name) && !present) operations.push({ op: 'link-delete', side: 'host', name });
  if (!present) operations.push({ op: 'bridge', side: 'host', name, mac: bridgeMac(), mtu });
  operations.push(...settings(bridge));
  if (ipv4 !== '' && !(present && linkAddress(name) === ipv4))
    operations.push({ op: 'address', side: 'host', link: name, cidr: ipv4 });
  if (ipv6 !== '' && !(present && linkAddresses6(name).includes(ipv6)))
    operations.push({ op: 'address', side: 'host', link: name, cidr: ipv6 });
  const missing = operations.length > 0 || !linkIsUp(name);
  if (missing)
    await runOperations([
      ...operations,
      { op: 'link', side: 'host', name, up: true, mtu: ours ? mtu : 0, rename: '' },
    ]);
  return missing;
}

/** A bridge of ours with another address is made anew, unless containers are on it. */
function keepsAddress({ name, ipv4, ours }: BridgeLink): boolean {
  if (!ours) return true;
  const address = linkAddress(name);
  if (address === null || address === ipv4) return true;
  if (bridgePorts(name).length > 0)
    throw conflict(`bridge ${name} has address ${address}, not ${ipv4}, and is in use`);
  return false;
}

/** Set explicitly, because a bridge without one changes its own with every port that comes and goes. */
const bridgeMac = (): string =>
  ['02', '42', ...(randomBytes(4).toString('hex').match(/../g) ?? [])].join(':');

/**
 * What differs from what it must be. Router advertisements are ignored, because a container could send forged ones
 * (CVE-2020-13401). route_localnet lets 127.0.0.1 be the source of a connection to a port published there; the firewall
 * keeps containers from abusing it. Published ports of the own network come and go by the same link, on purpose.
 */
function settings({ name, ipv6, ours }: BridgeLink): Operation[] {
  const needed: [string, string][] = [
    [`net/ipv4/conf/${name}/route_localnet`, '1'],
    ...(ipv6 === '' ? [] : [[`net/ipv6/conf/${name}/disable_ipv6`, '0'] as [string, string]]),
  ];
  const own: [string, string][] = [
    [`net/ipv6/conf/${name}/accept_ra`, '0'],
    ...(ipv6 === '' ? [[`net/ipv6/conf/${name}/disable_ipv6`, '1'] as [string, string]] : []),
    [`net/ipv4/conf/${name}/send_redirects`, '0'],
  ];
  return [...needed, ...(ours ? own : [])]
    .filter(([setting, value]) => readSetting(setting) !== value)
    .map(([setting, value]) => ({ op: 'sysctl', side: 'host', name: setting, value, optional: true }));
}

/** null where there is no such link, or no IPv6. */
function readSetting(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return null;
  }
}
