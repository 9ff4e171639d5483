/** Networks as Docker's JSON, and their filters. */
import type { Endpoint, Network } from '../../networks/model.ts';
import {
  booleanFilter,
  type Filters,
  invalidFilter,
  matchesLabels,
  matchesPattern,
} from '../http/filters.ts';
import type { EndpointResource, Network as NetworkJson } from '../types/networks.ts';
import { rfc3339 } from './time.ts';

export const networkFilterKeys = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'] as const;

export interface Member {
  containerId: string;
  containerName: string;
  endpoint: Endpoint;
}

export function networkJson(
  network: Network,
  version: number,
  members: readonly Member[] | null,
): NetworkJson {
  return {
    Name: network.name,
    Id: network.id,
    Created: rfc3339(network.created),
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv4: network.enableIpv4,
    EnableIPv6: network.enableIpv6,
    IPAM: {
      Driver: network.ipam.driver,
      Options: Object.keys(network.ipam.options).length > 0 ? network.ipam.options : null,
      Config: network.ipam.config.map(({ subnet, gateway, ipRange }) => ({
        ...(subnet && { Subnet: subnet }),
        ...(ipRange && { IPRange: ipRange }),
        ...(gateway && { Gateway: gateway }),
      })),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    // Until 1.51 the list had the field too, empty.
    ...((members || version < 52) && { Containers: membersJson(members ?? []) }),
    Options: network.options,
    Labels: network.labels,
  };
}

function membersJson(members: readonly Member[]): Record<string, EndpointResource> {
  return Object.fromEntries(
    members.map(({ containerId, containerName, endpoint }) => [
      containerId,
      {
        Name: containerName,
        EndpointID: endpoint.endpointId,
        MacAddress: endpoint.macAddress,
        IPv4Address: endpoint.ipAddress && `${endpoint.ipAddress}/${endpoint.prefixLength}`,
        IPv6Address: endpoint.ipv6Address && `${endpoint.ipv6Address}/${endpoint.ipv6PrefixLength}`,
      },
    ]),
  );
}

const predefined = new Set(['bridge', 'host', 'none']);

/** `inUse`: whether a container is on it, for `dangling`. */
export function selectNetworks(
  networks: readonly Network[],
  filters: Filters,
  inUse: (network: Network) => boolean,
): Network[] {
  const dangling = filters.has('dangling') ? booleanFilter(filters, 'dangling', false) : null;
  for (const type of filters.get('type') ?? [])
    if (type !== 'builtin' && type !== 'custom') throw invalidFilter('type', [type]);
  return networks.filter(
    (network) =>
      matchesPattern(filters.get('name'), network.name) &&
      matchesPattern(filters.get('id'), network.id) &&
      (filters.get('driver')?.includes(network.driver) ?? true) &&
      (filters.get('scope')?.includes(network.scope) ?? true) &&
      (filters.get('type')?.includes(predefined.has(network.name) ? 'builtin' : 'custom') ?? true) &&
      matchesLabels(filters.get('label'), network.labels) &&
      (dangling === null || dangling === !(predefined.has(network.name) || inUse(network))),
  );
}
