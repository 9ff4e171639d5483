/** Changing the networks of a container while it runs. */
import { forbidden } from '../lib/errors.ts';
import type { ContainerId, NetworkId } from '../lib/ids.ts';
import type { Family } from '../lib/ip.ts';
import { runOperations } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { driverOf, emitMembership, gatewaysOf, memberOf, type NetworkContext } from './context.ts';
import { defaultRoute, enter } from './endpoint.ts';
import { closePassages, reserve, routesBy } from './join.ts';
import type { Endpoint, EndpointWish, JoinRequest, Member, NamespaceOf, PublishedPort } from './model.ts';
import { claimPorts, publishMember } from './publishing.ts';

/** Nothing of the kernel is changed yet: the caller records it first, so that a daemon that dies can finish it. */
export function connect(context: NetworkContext, id: ContainerId, wish: EndpointWish): Member {
  const before = memberOf(context, id);
  const endpoint = reserve(context, before, before.endpoints, wish);
  const member = { ...before, endpoints: [...before.endpoints, endpoint] };
  context.members.set(id, member);
  return member;
}

function endpointOn(
  { containerId, endpoints }: Member,
  networkId: NetworkId,
  name = networkId as string,
): Endpoint {
  const endpoint = endpoints.find((one) => one.networkId === networkId);
  if (!endpoint) throw forbidden(`container ${containerId} is not connected to network ${name}`);
  return endpoint;
}

export async function plug(
  context: NetworkContext,
  id: ContainerId,
  networkId: NetworkId,
  inside: NamespaceOf,
): Promise<void> {
  const member = memberOf(context, id);
  const endpoint = endpointOn(member, networkId);
  const driver = driverOf(context, endpoint);
  const defaultRoutes = routesBy(gatewaysOf(context, member.endpoints), endpoint);
  const hairpin = defaultRoutes.length > 0 && member.ports.length > 0;
  await runOperations(driver.link(endpoint, { inside, defaultRoutes, hairpin }));
  if (defaultRoutes.length > 0) await publishMember(context, member);
  emitMembership(context, 'connect', driver.network, id);
}

/** First what is left takes over, then the interface goes: connections by other networks notice nothing. */
export async function disconnect(
  context: NetworkContext,
  id: ContainerId,
  networkId: NetworkId,
  inside: NamespaceOf,
): Promise<Member> {
  const before = memberOf(context, id);
  const endpoint = endpointOn(before, networkId, context.drivers.get(networkId)?.network.name);
  const driver = driverOf(context, endpoint);
  const member = { ...before, endpoints: before.endpoints.filter((one) => one !== endpoint) };
  const lost = routesBy(gatewaysOf(context, before.endpoints), endpoint);
  const routes = takeOver(context, member, lost);
  context.members.set(id, member);
  if (routes.length > 0) await runOperations([...enter(inside), ...routes]);
  if (lost.length > 0) await publishMember(context, member);
  const unlink = driver.unlink(endpoint, inside);
  if (unlink.length > 0) await runOperations(unlink);
  await closePassages(context, [endpoint]);
  driver.free(endpoint);
  emitMembership(context, 'disconnect', driver.network, id);
  return member;
}

/** The default routes of these families, by the networks that a container is on. */
export function takeOver(
  context: NetworkContext,
  { endpoints }: Member,
  lost: readonly Family[],
): Operation[] {
  const gateways = gatewaysOf(context, endpoints);
  return lost.flatMap((family) => {
    const next = gateways[family];
    return next ? [defaultRoute(next.endpoint, 'host', family, next.driver.onLink)] : [];
  });
}

const isSamePort = (a: PublishedPort, b: PublishedPort): boolean =>
  a.hostIp === b.hostIp &&
  a.hostPort === b.hostPort &&
  a.containerPort === b.containerPort &&
  a.protocol === b.protocol;

/** Publishes `add` and withdraws `remove`, whose ports `add` may have. When a port cannot be had, nothing is changed. */
export async function republish(
  context: NetworkContext,
  id: ContainerId,
  add: JoinRequest['portBindings'],
  remove: readonly PublishedPort[],
): Promise<PublishedPort[]> {
  const before = memberOf(context, id);
  const kept = before.ports.filter((port) => !remove.some((gone) => isSamePort(port, gone)));
  let added: PublishedPort[] = [];
  context.hostPorts.drop(id, remove);
  try {
    added = claimPorts(context, before, before.endpoints, add);
    const member = { ...before, ports: [...kept, ...added] };
    await publishMember(context, member);
    context.members.set(id, member);
    return member.ports;
  } catch (error) {
    context.hostPorts.drop(id, added);
    context.hostPorts.adopt(id, remove);
    throw error;
  }
}
