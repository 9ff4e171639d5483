/** What the parts of the networks noun share. */
import { internal, invalid, notFound } from '../lib/errors.ts';
import type { Emit } from '../lib/events.ts';
import type { ContainerId, NetworkId } from '../lib/ids.ts';
import type { Family, Subnet } from '../lib/ip.ts';
import type { Log } from '../lib/op.ts';
import type { Nft } from '../linux/nft.ts';
import type { Driver } from './driver.ts';
import type { Firewall } from './firewall/firewall.ts';
import { enableForwarding } from './forwarding.ts';
import { chooseGateways, type Gateways } from './gateway.ts';
import type { HostPorts } from './host-ports.ts';
import type { Members } from './members.ts';
import type { Endpoint, Member, Network } from './model.ts';
import { predefinedNames } from './predefined.ts';
import type { NetworkStore } from './store.ts';

export interface NetworkContext {
  readonly store: NetworkStore;
  /** Every network that can be joined, and configurations. */
  readonly drivers: Map<NetworkId, Driver>;
  /** Containers that run, or are about to. */
  readonly members: Members;
  readonly firewall: Firewall;
  /** Opened when it is first needed: `--bridge none` and no other network need no nftables. */
  readonly nft: () => Nft;
  readonly hostPorts: HostPorts;
  /** IPv4 ranges for networks without one. */
  readonly pools: readonly Subnet[];
  readonly globalId: bigint;
  readonly defaultMtu: number;
  readonly emit: Emit;
  readonly log: Log;
}

/** By name, id, then unambiguous id prefix, as Docker looks up. */
export function findDriver({ drivers }: NetworkContext, ref: string): Driver {
  const all = [...drivers.values()];
  const exact =
    all.find(({ network }) => network.name === ref) ?? all.find(({ network }) => network.id === ref);
  if (exact) return exact;
  const matches = ref === '' ? [] : all.filter(({ network }) => network.id.startsWith(ref));
  if (matches.length > 1)
    throw invalid(`network ${ref} is ambiguous (${matches.length} matches found based on ID prefix)`);
  const [only] = matches;
  if (!only) throw notFound(`network ${ref} not found`);
  return only;
}

export function driverOf({ drivers }: NetworkContext, { networkId, networkName }: Endpoint): Driver {
  const driver = drivers.get(networkId);
  if (!driver) throw internal(`network ${networkName} is not open`);
  return driver;
}

export function memberOf({ members }: NetworkContext, id: ContainerId): Member {
  const member = members.get(id);
  if (!member) throw internal(`container ${id} is on no network`);
  return member;
}

/** One of a container's networks, with what it does for it. */
export interface Way {
  network: Network;
  endpoint: Endpoint;
  driver: Driver;
  ways: readonly Family[];
}

export function gatewaysOf(context: NetworkContext, endpoints: readonly Endpoint[]): Gateways<Way> {
  return chooseGateways(
    endpoints.map((endpoint) => {
      const driver = driverOf(context, endpoint);
      return { network: driver.network, endpoint, driver, ways: driver.ways(endpoint) };
    }),
  );
}

/** For the families that these networks have. */
export async function allowForwarding(context: NetworkContext, networks: readonly Network[]): Promise<void> {
  const bridges = networks.filter(({ driver }) => driver === 'bridge');
  const own = new Set([...context.drivers.values()].map(({ network }) => network.link));
  if (bridges.some(({ enableIpv4 }) => enableIpv4)) await enableForwarding(context.nft(), 4, own);
  if (bridges.some(({ enableIpv6 }) => enableIpv6)) await enableForwarding(context.nft(), 6, own);
}

/** Networks of the user's own have names; the default bridge has links. */
export const hasNames = ({ name, driver, configOnly }: Network): boolean =>
  !predefinedNames.has(name) && driver !== 'host' && driver !== 'null' && !configOnly;

export function emitMembership(
  { emit }: NetworkContext,
  action: 'connect' | 'disconnect',
  network: Network,
  container: ContainerId,
): void {
  emit({
    type: 'network',
    action,
    id: network.id,
    attributes: { container, name: network.name, type: network.driver },
  });
}
