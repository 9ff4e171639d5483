/** `network connect` and `network disconnect`. */
import { forbidden, invalid, isKind, messageOf, notFound } from '../lib/errors.ts';
import type { NetworkId } from '../lib/ids.ts';
import type { Endpoint, EndpointRequest, Network } from '../networks/model.ts';
import type { Context } from './context.ts';
import { blankEndpoint } from './endpoints.ts';
import { updateNetworkFiles } from './etc-files.ts';
import type { Container } from './model.ts';
import { type Alive, isAlive } from './state.ts';
import { joinedContainer } from './validate-modes.ts';

export async function connect(
  context: Context,
  ref: string,
  networkRef: string,
  request: EndpointRequest,
): Promise<void> {
  const network = await context.networks.get(networkRef);
  const { id } = context.store.find(ref);
  using _lock = await context.locks.take(id);
  const container = context.store.byId(id);
  assertCanJoin(container, network);
  if (isAlive(container.state)) await connectRunning(context, container, container.state, network, request);
  else context.store.update(id, { endpoints: withEndpoint(container, blankEndpoint(network, request)) });
}

/** Docker's rules for what goes together. */
function assertCanJoin({ hostConfig, endpoints, state }: Container, network: Network): void {
  if (state.status === 'removing' || state.status === 'dead')
    throw invalid('Container is marked for removal and cannot be connected or disconnected to the network.');
  const isOn = (name: string) => endpoints.some(({ networkName }) => networkName === name);
  if (joinedContainer(hostConfig.networkMode) !== null || isOn('host'))
    throw invalid(
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  if (network.driver === 'host')
    throw invalid('container cannot be connected to host network or disconnected from host network');
  if (network.driver === 'null' || isOn('none'))
    throw invalid(
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    );
}

/** Recorded before it is made: the next daemon finishes what this one began. */
async function connectRunning(
  context: Context,
  before: Container,
  { process }: Alive,
  network: Network,
  request: EndpointRequest,
): Promise<void> {
  const { id } = before;
  const { endpoints } = await context.networks.connect(id, { network: network.id, request });
  const after = context.store.update(id, { endpoints });
  try {
    await context.networks.plug(id, network.id, process);
    await serveNames(context, after);
    await updateNetworkFiles(context, before, after);
  } catch (error) {
    context.store.update(id, { endpoints: before.endpoints });
    await context.networks
      .disconnect(id, network.id, process)
      .catch((reason) =>
        context.log('warn', 'a failed network connect was not undone', { id, error: messageOf(reason) }),
      );
    throw error;
  }
}

/** A container's first network with names needs someone who answers at 127.0.0.11. */
async function serveNames(context: Context, { id, endpoints }: Container): Promise<void> {
  if (context.networks.servesNames(endpoints))
    await context.activities.of(id).shim?.serveNames(context.paths.names);
}

export async function disconnect(
  context: Context,
  ref: string,
  networkRef: string,
  force: boolean,
): Promise<void> {
  const network = await context.networks.get(networkRef);
  const { id } = findOrForce(context, ref, force);
  using _lock = await context.locks.take(id);
  const container = context.store.byId(id);
  if (network.driver === 'host')
    throw invalid('container cannot be connected to host network or disconnected from host network');
  if (!container.endpoints.some(({ networkId }) => networkId === network.id))
    throw forbidden(`container ${id} is not connected to network ${network.name}`);
  if (isAlive(container.state)) await disconnectRunning(context, container, container.state, network.id);
  else context.store.update(id, { endpoints: without(container, network.id) });
}

/** By force even the endpoint of a container that is gone would go; here none outlives it. */
function findOrForce(context: Context, ref: string, force: boolean): Container {
  try {
    return context.store.find(ref);
  } catch (error) {
    if (force && isKind(error, 'notFound')) throw notFound(`endpoint ${ref} not found`);
    throw error;
  }
}

/** As it will be from the next start on. Of two wishes for one network the later counts. */
function withEndpoint({ endpoints }: Container, endpoint: Endpoint): Endpoint[] {
  const isOther = ({ networkId }: Endpoint) => networkId !== endpoint.networkId;
  return endpoints.every(isOther)
    ? [...endpoints, endpoint]
    : endpoints.map((one) => (isOther(one) ? one : endpoint));
}

const without = ({ endpoints }: Container, id: NetworkId) =>
  endpoints.filter(({ networkId }) => networkId !== id);

/** The record goes first: a daemon that finds the link without one takes it away. */
async function disconnectRunning(
  context: Context,
  before: Container,
  { process }: Alive,
  network: NetworkId,
): Promise<void> {
  const after = context.store.update(before.id, { endpoints: without(before, network) });
  await context.networks.disconnect(before.id, network, process);
  await updateNetworkFiles(context, before, after);
}
