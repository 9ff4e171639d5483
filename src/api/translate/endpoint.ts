/** A container's place on a network, as inspect and ps show it. */
import type { Endpoint } from '../../networks/model.ts';
import type { EndpointSettings } from '../types/networks.ts';

/** Addresses are those of a running container; `live` false blanks them, as Docker does after the exit. */
export function endpointJson(endpoint: Endpoint, live: boolean): EndpointSettings {
  const { request } = endpoint;
  const ipam = {
    ...(request.ipv4Address && { IPv4Address: request.ipv4Address }),
    ...(request.ipv6Address && { IPv6Address: request.ipv6Address }),
    ...(request.linkLocalIps.length > 0 && { LinkLocalIPs: request.linkLocalIps }),
  };
  const orNull = (list: string[]) => (list.length > 0 ? list : null);
  return {
    IPAMConfig: Object.keys(ipam).length > 0 ? ipam : null,
    Links: orNull(request.links),
    Aliases: orNull(request.aliases),
    MacAddress: live ? endpoint.macAddress : request.macAddress,
    DriverOpts: Object.keys(request.driverOptions).length > 0 ? request.driverOptions : null,
    GwPriority: request.gwPriority,
    NetworkID: endpoint.networkId,
    EndpointID: live ? endpoint.endpointId : '',
    Gateway: live ? endpoint.gateway : '',
    IPAddress: live ? endpoint.ipAddress : '',
    IPPrefixLen: live ? endpoint.prefixLength : 0,
    IPv6Gateway: live ? endpoint.ipv6Gateway : '',
    GlobalIPv6Address: live ? endpoint.ipv6Address : '',
    GlobalIPv6PrefixLen: live ? endpoint.ipv6PrefixLength : 0,
    DNSNames: orNull(endpoint.dnsNames),
  };
}
