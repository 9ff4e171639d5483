/** Networks as Docker's JSON. */
import type { Endpoint, IpamPool, Network } from '../../networks/model.ts';
import type { EndpointResource, IPAMConfig, Network as NetworkJson } from '../types/networks.ts';
import { networkStatus } from './network-status.ts';
import { rfc3339 } from './time.ts';

export interface Member {
  containerId: string;
  containerName: string;
  endpoint: Endpoint;
}

/** `members`: null in lists, which do not say who is on it. */
export function networkJson(
  network: Network,
  version: number,
  members: readonly Member[] | null,
): NetworkJson {
  const { ipam } = network;
  return {
    Name: network.name,
    Id: network.id,
    Created: rfc3339(network.created),
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv4: network.enableIpv4,
    EnableIPv6: network.enableIpv6,
    IPAM: {
      Driver: ipam.driver,
      Options: ipam.options,
      Config: ipam.config.map(poolJson),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: network.configFrom },
    ConfigOnly: network.configOnly,
    // Until 1.51 the list had the field too, empty.
    ...((members || version < 52) && { Containers: membersJson(members ?? []) }),
    Options: network.options,
    Labels: network.labels,
    ...(members && version >= 52 && { Status: networkStatus(network, members) }),
  };
}

function poolJson({ subnet, ipRange, gateway, auxiliary }: IpamPool): IPAMConfig {
  return {
    ...(subnet && { Subnet: subnet }),
    ...(ipRange && { IPRange: ipRange }),
    ...(gateway && { Gateway: gateway }),
    ...(Object.keys(auxiliary).length > 0 && { AuxiliaryAddresses: auxiliary }),
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
