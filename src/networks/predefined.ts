/** The networks every engine has: bridge, host and none. */
import { invalid } from '../lib/errors.ts';
import { newNetworkId } from '../lib/ids.ts';
import { type Address, formatAddress, formatSubnet, lastAddress, parseCidr, type Subnet } from '../lib/ip.ts';
import type { Log } from '../lib/op.ts';
import { linkAddress } from '../linux/link-address.ts';
import { defaultLink, hostRoutes, linkExists, linkMtu } from '../linux/routes.ts';
import type { Network } from './model.ts';
import { chooseSubnet } from './pools.ts';
import type { NetworkStore } from './store.ts';
import { anyOverlap, nameserverAddresses, usedSubnets } from './used-subnets.ts';

export const predefinedNames: ReadonlySet<string> = new Set(['bridge', 'host', 'none']);

function plain(name: string, driver: Network['driver']): Network {
  return {
    id: newNetworkId(),
    name,
    driver,
    scope: 'local',
    created: Date.now(),
    internal: false,
    attachable: false,
    enableIpv4: true,
    enableIpv6: false,
    configOnly: false,
    configFrom: '',
    ipam: { driver: 'default', options: null, config: [] },
    options: {},
    labels: {},
    link: '',
  };
}

/** The record of `host` or `none`, made at the first start: its id stays the same for ever. */
export function ensurePlain(store: NetworkStore, name: 'host' | 'none'): Network {
  const existing = store.byName(name);
  if (existing) return existing;
  const network = plain(name, name === 'host' ? 'host' : 'null');
  store.save(network);
  return network;
}

/** The record of the default bridge, with the address it has from now on. */
export function ensureDefaultBridge(
  store: NetworkStore,
  options: { bridge: string; bip: string; icc: boolean; mtu: number; log: Log },
): Network {
  const { bridge, icc, mtu } = options;
  const existing = store.byName('bridge');
  const { address, subnet } = defaultAddress(existing, store, options);
  const network: Network = {
    ...(existing ?? plain('bridge', 'bridge')),
    link: bridge,
    ipam: {
      driver: 'default',
      options: null,
      config: [{ subnet: formatSubnet(subnet), gateway: formatAddress(address), ipRange: '', auxiliary: {} }],
    },
    options: {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': String(icc),
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      'com.docker.network.bridge.name': bridge,
      'com.docker.network.driver.mtu': String(mtu),
    },
  };
  if (JSON.stringify(existing) !== JSON.stringify(network)) store.save(network);
  return network;
}

/** What the user says; else what it was; else what a bridge of that name already has; else a pool that collides with nothing. */
function defaultAddress(
  existing: Network | null,
  store: NetworkStore,
  { bridge, bip, log }: { bridge: string; bip: string; log: Log },
): { address: Address; subnet: Subnet } {
  if (bip !== '') return parseBip(bip);
  const others = store.list().filter(({ name }) => name !== 'bridge');
  const used = usedSubnets(4, others, bridge);
  const remembered = existing?.link === bridge ? existing.ipam.config[0] : undefined;
  const cidr = remembered
    ? `${remembered.gateway}/${remembered.subnet.split('/')[1]}`
    : linkExists(bridge)
      ? linkAddress(bridge)
      : null;
  const known = parseCidr(cidr ?? '');
  if (known) {
    if (anyOverlap(known.subnet, used))
      log('warn', 'the default bridge overlaps a route of the host', { subnet: formatSubnet(known.subnet) });
    return known;
  }
  const subnet = chooseSubnet(used, nameserverAddresses());
  return { address: { family: 4, value: subnet.base + 1n }, subnet };
}

/** The daemon's `--bip`: an address inside a subnet with room for containers. */
export function parseBip(text: string): { address: Address; subnet: Subnet } {
  const cidr = parseCidr(text);
  if (cidr?.address.family !== 4) throw invalid(`invalid CIDR address: ${text}`);
  const { address, subnet } = cidr;
  if (subnet.prefix < 8 || subnet.prefix > 30)
    throw invalid(`bip ${text}: the prefix length must be between 8 and 30`);
  if (address.value === subnet.base || address.value === lastAddress(subnet))
    throw invalid(`bip ${text}: the bridge needs a host address of the subnet`);
  return cidr;
}

/** What fits through the host's own way out: 1500 only where the host has that, so that nothing depends on path MTU discovery. */
export function defaultMtu(): number {
  const link = defaultLink(hostRoutes());
  return Math.min((link && linkMtu(link)) || 1500, 1500);
}
