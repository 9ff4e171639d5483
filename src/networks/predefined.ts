/** The networks every engine has: bridge, host and none. */
import { newNetworkId } from '../lib/ids.ts';
import type { Log } from '../lib/op.ts';
import { linkAddress } from '../linux/link-address.ts';
import { defaultLink, hostRoutes, linkExists, linkMtu } from '../linux/routes.ts';
import {
  formatIpv4,
  formatSubnet,
  overlaps,
  parseBip,
  parseCidr,
  parseIpv4,
  type Subnet,
} from './addresses.ts';
import type { Network } from './model.ts';
import { chooseSubnet } from './pools.ts';
import { hostResolver } from './resolver.ts';
import type { NetworkStore } from './store.ts';

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
    ipam: { driver: 'default', options: {}, config: [] },
    options: {},
    labels: {},
    bridge: '',
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
  options: { bridge: string; bip: string; mtu: number; log: Log },
): Network {
  const { bridge, mtu } = options;
  const existing = store.byName('bridge');
  const { address, subnet } = defaultAddress(existing, store, options);
  const network: Network = {
    ...(existing ?? plain('bridge', 'bridge')),
    bridge,
    ipam: {
      driver: 'default',
      options: {},
      config: [{ subnet: formatSubnet(subnet), gateway: formatIpv4(address), ipRange: '' }],
    },
    options: {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': 'true',
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
): { address: number; subnet: Subnet } {
  if (bip !== '') return parseBip(bip);
  const used = usedSubnets(bridge, store);
  const remembered = existing?.bridge === bridge ? existing.ipam.config[0] : undefined;
  const cidr = remembered
    ? `${remembered.gateway}/${remembered.subnet.split('/')[1]}`
    : linkExists(bridge)
      ? linkAddress(bridge)
      : null;
  const known = parseCidr(cidr ?? '');
  if (known) {
    if (used.some((other) => overlaps(other, known.subnet)))
      log('warn', 'the default bridge overlaps a route of the host', { subnet: formatSubnet(known.subnet) });
    return known;
  }
  const nameservers = hostResolver()
    .nameservers.map(parseIpv4)
    .filter((server) => server !== null);
  const subnet = chooseSubnet(used, nameservers);
  return { address: subnet.base + 1, subnet };
}

function usedSubnets(bridge: string, store: NetworkStore): Subnet[] {
  const routes = hostRoutes().filter(({ link, prefix }) => link !== bridge && prefix > 0);
  const others = store
    .list()
    .filter(({ name }) => name !== 'bridge')
    .flatMap(({ ipam }) => ipam.config.map(({ subnet }) => parseCidr(subnet)?.subnet ?? null));
  return [
    ...routes.map(({ destination, prefix }) => ({ base: destination, prefix })),
    ...others.filter((subnet) => subnet !== null),
  ];
}

/** What fits through the host's own way out: 1500 only where the host has that, so that nothing depends on path MTU discovery. */
export function defaultMtu(): number {
  const link = defaultLink(hostRoutes());
  return Math.min((link && linkMtu(link)) || 1500, 1500);
}
