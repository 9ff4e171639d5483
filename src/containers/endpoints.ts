/** On which networks a container is: decided at create, given addresses at start, without them after the exit. */
import { isKind } from '../lib/errors.ts';
import type { NetworkId } from '../lib/ids.ts';
import type {
  Endpoint,
  EndpointRequest,
  Identity,
  Joined,
  JoinRequest,
  Network,
  PortBinding,
  PortKey,
} from '../networks/model.ts';
import type { Context } from './context.ts';
import type { Container, CreateRequest, HostConfig } from './model.ts';
import { joinedContainer } from './validate-modes.ts';

export const emptyRequest: EndpointRequest = {
  aliases: [],
  links: [],
  ipv4Address: '',
  ipv6Address: '',
  linkLocalIps: [],
  macAddress: '',
  driverOptions: {},
  gwPriority: 0,
};

/** The name of the network that a mode means; null when the container brings none of its own (container:x). */
export function networkOfMode(mode: string, hasBridge: boolean): string | null {
  if (mode.startsWith('container:')) return null;
  if (mode === '' || mode === 'default') return hasBridge ? 'bridge' : 'none';
  return mode;
}

/** The default bridge has links instead of names. */
export const isLegacy = (network: string): boolean =>
  network === 'bridge' || network === 'default' || network === '';

export function blankEndpoint(network: Pick<Network, 'id' | 'name'>, request: EndpointRequest): Endpoint {
  return {
    networkId: network.id,
    networkName: network.name,
    endpointId: '',
    request,
    interfaceName: '',
    ipAddress: '',
    prefixLength: 0,
    gateway: '',
    ipv6Address: '',
    ipv6PrefixLength: 0,
    ipv6Gateway: '',
    macAddress: request.macAddress,
    dnsNames: [],
  };
}

/** The network of the mode first, then the others that were named. A network that is missing is an error of the start. */
export async function planEndpoints(context: Context, request: CreateRequest): Promise<Endpoint[]> {
  const { config, hostConfig } = request;
  const main = networkOfMode(
    config.networkDisabled ? 'none' : hostConfig.networkMode,
    context.defaults.hasBridge,
  );
  if (main === null) return [];
  const wanted = new Map<string, EndpointRequest>();
  const { [main]: own, default: asDefault, [hostConfig.networkMode]: asMode, ...others } = request.endpoints;
  const mainRequest = own ?? asMode ?? asDefault ?? emptyRequest;
  wanted.set(main, {
    ...mainRequest,
    macAddress: mainRequest.macAddress || config.macAddress,
    links: isLegacy(main) ? mainRequest.links : [...mainRequest.links, ...hostConfig.links],
  });
  for (const [name, endpoint] of Object.entries(others)) wanted.set(name, endpoint);
  return Promise.all(
    [...wanted].map(async ([name, endpoint]) => blankEndpoint(await lookUp(context, name), endpoint)),
  );
}

async function lookUp(context: Context, name: string): Promise<Pick<Network, 'id' | 'name'>> {
  try {
    return await context.networks.get(name);
  } catch (error) {
    if (!isKind(error, 'notFound')) throw error;
    return { id: '' as NetworkId, name };
  }
}

/** -P turned into bindings with a port of our choice, beside those of -p. */
export function portBindings(container: {
  config: { exposedPorts: PortKey[] };
  hostConfig: Pick<HostConfig, 'portBindings' | 'publishAllPorts'>;
}): Partial<Record<PortKey, PortBinding[]>> {
  const bindings: Partial<Record<PortKey, PortBinding[]>> = { ...container.hostConfig.portBindings };
  if (container.hostConfig.publishAllPorts)
    for (const port of container.config.exposedPorts) bindings[port] ??= [{ hostIp: '', hostPort: '' }];
  return bindings;
}

/** What a container that starts asks of its networks. */
export function joinRequestOf(context: Context, container: Container): JoinRequest {
  const { id, name, config, hostConfig, endpoints } = container;
  return {
    ...identityOf(context, { id, name, config, hostConfig }),
    endpoints: endpoints.map(({ networkId, networkName, request }) => ({
      network: networkId || networkName,
      request,
    })),
    portBindings: portBindings(container),
  };
}

/** What a start has to make of its networks: nothing in the namespace of another. */
export const networkOperations = (
  { hostConfig }: Pick<Container, 'hostConfig'>,
  { operations }: Pick<Joined, 'operations'>,
): Joined['operations'] => (joinedContainer(hostConfig.networkMode) === null ? operations : []);

export function identityOf(
  { defaults }: Context,
  { id, name, config, hostConfig }: Pick<Container, 'id' | 'name' | 'config' | 'hostConfig'>,
): Identity {
  return {
    containerId: id,
    containerName: name,
    hostname: config.hostname,
    dnsServers: hostConfig.dns.length > 0 ? hostConfig.dns : defaults.dns,
    dnsOptions: hostConfig.dnsOptions,
  };
}

/** What stays of the endpoints once the process is gone. */
export function withoutAddresses(container: Container): Endpoint[] {
  return container.endpoints.map((endpoint) =>
    blankEndpoint({ id: endpoint.networkId, name: endpoint.networkName }, endpoint.request),
  );
}
