/** Putting a container that is about to start on its networks, and taking it off again. */
import { randomBytes } from 'node:crypto';
import { forbidden, invalid } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { Family } from '../lib/ip.ts';
import type { Operation } from '../linux/operations.ts';
import {
  driverOf,
  emitMembership,
  findDriver,
  gatewaysOf,
  hasNames,
  type NetworkContext,
  type Way,
} from './context.ts';
import type { Driver } from './driver.ts';
import { childNamespace, loopbackOperations } from './endpoint.ts';
import type { Gateways } from './gateway.ts';
import type {
  Endpoint,
  EndpointRequest,
  EndpointWish,
  Identity,
  Joined,
  JoinRequest,
  Member,
} from './model.ts';
import { claimPorts, withdrawMember } from './publishing.ts';

export function join(context: NetworkContext, request: JoinRequest): Joined {
  const { containerId, containerName, hostname, dnsServers, dnsOptions } = request;
  const identity: Identity = { containerId, containerName, hostname, dnsServers, dnsOptions };
  const endpoints: Endpoint[] = [];
  using undo = new DisposableStack();
  undo.defer(() => {
    for (const endpoint of endpoints) driverOf(context, endpoint).free(endpoint);
  });
  for (const wish of request.endpoints) endpoints.push(reserve(context, identity, endpoints, wish));
  const ports = claimPorts(context, identity, endpoints, request.portBindings);
  undo.move();
  context.members.set(containerId, { ...identity, endpoints, ports });
  for (const endpoint of endpoints)
    emitMembership(context, 'connect', driverOf(context, endpoint).network, containerId);
  return { endpoints, ports, operations: interfaceOperations(context, endpoints, ports.length > 0) };
}

/** One more endpoint beside those that are there. */
export function reserve(
  context: NetworkContext,
  identity: Identity,
  present: readonly Endpoint[],
  { network: ref, request }: EndpointWish,
): Endpoint {
  const driver = findDriver(context, ref);
  const { network } = driver;
  if (network.configOnly) throw forbidden('cannot create endpoint on configuration-only network');
  if (present.some(({ networkId }) => networkId === network.id))
    throw forbidden(`endpoint with name ${identity.containerName} already exists in network ${network.name}`);
  if (!hasNames(network)) refuseUserDefinedOnly(request);
  const endpointId = randomBytes(32).toString('hex');
  const endpoint = driver.reserve({ request, endpointId, index: freeIndex(present) });
  return { ...endpoint, dnsNames: hasNames(network) ? dnsNames(identity, request) : [] };
}

/** eth0, eth1, …: the first number that no interface has. */
function freeIndex(present: readonly Endpoint[]): number {
  const taken = new Set(present.map(({ interfaceName }) => Number(/\d+$/.exec(interfaceName)?.[0] ?? -1)));
  let index = 0;
  while (taken.has(index)) index++;
  return index;
}

function refuseUserDefinedOnly({ ipv4Address, ipv6Address, aliases }: EndpointRequest): void {
  if (ipv4Address || ipv6Address)
    throw invalid('user specified IP address is supported on user defined networks only');
  if (aliases.length > 0)
    throw invalid('network-scoped aliases are only supported for user-defined networks');
}

/** What the container is called on a network with names. */
export function dnsNames(
  { containerId, containerName, hostname }: Identity,
  { aliases }: EndpointRequest,
): string[] {
  return [...new Set([containerName, ...aliases, containerId.slice(0, 12), hostname])].filter(Boolean);
}

function interfaceOperations(
  context: NetworkContext,
  endpoints: readonly Endpoint[],
  hairpin: boolean,
): Operation[] {
  const drivers = endpoints.map((endpoint) => driverOf(context, endpoint));
  // With the host's network there is nothing of the container's own.
  if (drivers.some(({ network }) => network.driver === 'host')) return [];
  const gateways = gatewaysOf(context, endpoints);
  const links = endpoints.flatMap((endpoint, index) => {
    const defaultRoutes = routesBy(gateways, endpoint);
    return (drivers[index] as Driver).link(endpoint, { inside: childNamespace, defaultRoutes, hairpin });
  });
  return [...loopbackOperations, ...links];
}

/** Families whose default route leads by this endpoint. */
export const routesBy = (gateways: Gateways<Way>, { endpointId }: Endpoint): Family[] =>
  ([4, 6] as const).filter((family) => gateways[family]?.endpoint.endpointId === endpointId);

/** Idempotent. Addresses and ports last: until the rules are gone they would lead to whoever has them next. */
export async function release(context: NetworkContext, containerId: ContainerId): Promise<void> {
  const member = context.members.get(containerId);
  if (!member) return;
  context.members.delete(containerId);
  try {
    await closePassages(context, member.endpoints);
    await withdrawMember(context, member);
  } finally {
    freeAll(context, member);
  }
}

/** What others may call these endpoints by, and these others. Before the addresses are free. */
export async function closePassages(
  { firewall }: NetworkContext,
  endpoints: readonly Endpoint[],
): Promise<void> {
  await firewall.close(endpoints.flatMap(({ ipAddress, ipv6Address }) => [ipAddress, ipv6Address]));
}

function freeAll(context: NetworkContext, { containerId, endpoints }: Member): void {
  context.hostPorts.release(containerId);
  for (const endpoint of endpoints) {
    const driver = driverOf(context, endpoint);
    driver.free(endpoint);
    emitMembership(context, 'disconnect', driver.network, containerId);
  }
}
