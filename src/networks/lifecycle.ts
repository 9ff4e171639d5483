/** Making and removing networks. The record comes first and goes last, so that a daemon that dies in between can finish. */
import { conflict, forbidden, messageOf } from '../lib/errors.ts';
import type { NetworkId } from '../lib/ids.ts';
import { isBridge } from '../linux/bridge-port.ts';
import { lockNamespace } from '../linux/netns-lock.ts';
import { linkExists } from '../linux/routes.ts';
import { allowForwarding, findDriver, type NetworkContext } from './context.ts';
import { defineNetwork } from './define.ts';
import { makeDriver } from './drivers/make.ts';
import type { Member, Network, NetworkRequest } from './model.ts';
import { predefinedNames } from './predefined.ts';

export async function createNetwork(
  context: NetworkContext,
  request: NetworkRequest,
): Promise<{ id: NetworkId; warning: string }> {
  if (predefinedNames.has(request.name) || request.name === 'default')
    throw forbidden(`operation is not permitted on predefined ${request.name} network`);
  // Two daemons that choose at the same time must not choose the same subnet.
  using _turn = await lockNamespace('subnet');
  const networks = [...context.drivers.values()].map(({ network }) => network);
  const { network, warning } = defineNetwork(request, { ...context, networks });
  const driver = makeDriver(context, network);
  if (network.driver === 'bridge' && linkExists(network.link) && !isBridge(network.link))
    throw conflict(`existing interface ${network.link} is not a bridge`);
  context.store.claimLink(network.link);
  context.store.save(network);
  context.drivers.set(network.id, driver);
  try {
    await bringUp(context, network);
  } catch (error) {
    await takeDown(context, network).catch((reason) =>
      context.log('warn', 'a network that could not be made was not removed', { error: messageOf(reason) }),
    );
    throw error;
  }
  emit(context, 'create', network);
  return { id: network.id, warning };
}

async function bringUp(context: NetworkContext, network: Network): Promise<void> {
  const driver = context.drivers.get(network.id);
  await driver?.open();
  const rules = driver?.rules();
  if (!rules) return;
  await allowForwarding(context, [network]);
  await context.firewall.addNetwork(rules);
}

export async function removeNetwork(context: NetworkContext, ref: string): Promise<void> {
  const { network } = findDriver(context, ref);
  if (predefinedNames.has(network.name))
    throw forbidden(`${network.name} is a pre-defined network and cannot be removed`);
  const others = [...context.drivers.values()].map((driver) => driver.network);
  if (network.configOnly && others.some(({ configFrom }) => configFrom === network.name))
    throw forbidden(
      `error while removing network: configuration network ${JSON.stringify(network.name)} is in use`,
    );
  const users = membersOn(context, network.id);
  if (users.length > 0) {
    const names = users.map(
      ({ containerName, endpointId }) => `name:"${containerName}" id:"${endpointId.slice(0, 12)}"`,
    );
    throw forbidden(
      `error while removing network: network ${network.name} has active endpoints (${names.join(', ')})`,
    );
  }
  await takeDown(context, network);
  emit(context, 'destroy', network);
}

/** From the moment that the record is gone nothing brings it up again; `sweepLinks` takes what a dead daemon left. */
async function takeDown(context: NetworkContext, network: Network): Promise<void> {
  const driver = context.drivers.get(network.id);
  context.store.remove(network.id);
  context.drivers.delete(network.id);
  if (driver?.rules()) await context.firewall.removeNetwork(network.link);
  const shared = [...context.drivers.values()].some((other) => other.network.link === network.link);
  if (network.link === '' || shared || !context.store.madeLink(network.link)) return;
  await driver?.remove();
  context.store.forgetLink(network.link);
}

export function membersOn(
  { members }: NetworkContext,
  id: NetworkId,
): (Pick<Member, 'containerId' | 'containerName'> & { endpointId: string })[] {
  return [...members.values()].flatMap(({ containerId, containerName, endpoints }) =>
    endpoints
      .filter(({ networkId }) => networkId === id)
      .map(({ endpointId }) => ({ containerId, containerName, endpointId })),
  );
}

/** Names of those that are gone. */
export async function pruneNetworks(
  context: NetworkContext,
  wanted: (network: Network) => boolean,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { network } of [...context.drivers.values()]) {
    if (predefinedNames.has(network.name) || membersOn(context, network.id).length > 0 || !wanted(network))
      continue;
    try {
      await removeNetwork(context, network.id);
      removed.push(network.name);
    } catch (error) {
      context.log('warn', 'a network was not pruned', { network: network.name, error: messageOf(error) });
    }
  }
  return removed;
}

function emit(context: NetworkContext, action: 'create' | 'destroy', { id, name, driver }: Network): void {
  context.emit({ type: 'network', action, id, attributes: { name, type: driver } });
}
