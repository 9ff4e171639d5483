/** The operations that make a container's interface on a bridge, and the names that go with it. Pure. */
import type { Operation } from '../linux/operations.ts';
import type { Endpoint } from './model.ts';

/** Unique on the host as long as endpoint ids are; 11 characters of the 15 that a link name may have. */
export const vethName = (endpointId: string): string => `veth${endpointId.slice(0, 7)}`;
export const vethPattern = /^veth[0-9a-f]{7}$/;

/**
 * The pair is created by the shim with its peer directly in the container's namespace (moving it there would cost 11 to 33
 * ms); addresses and routes are set by the container's own first process. IPv6 is off before any link comes up, so that the
 * interface never gets an address by which it could be reached (CVE-2020-13401).
 */
export function interfaceOperations(
  endpoint: Endpoint,
  link: { name: string; bridge: string; mtu: number },
): Operation[] {
  const { name, bridge, mtu } = link;
  return [
    {
      op: 'veth',
      side: 'host',
      name: vethName(endpoint.endpointId),
      peer: name,
      peerMac: endpoint.macAddress,
      bridge,
      mtu,
    },
    // Missing where the kernel has no IPv6 at all. Loopback keeps ::1, as in Docker since 26.
    { op: 'sysctl', side: 'inside', name: 'net.ipv6.conf.all.disable_ipv6', value: '1', optional: true },
    { op: 'sysctl', side: 'inside', name: 'net.ipv6.conf.lo.disable_ipv6', value: '0', optional: true },
    { op: 'link', side: 'inside', name: 'lo', up: true, mtu: 0, rename: '' },
    { op: 'address', side: 'inside', link: name, cidr: `${endpoint.ipAddress}/${endpoint.prefixLength}` },
    { op: 'link', side: 'inside', name, up: true, mtu: 0, rename: '' },
    { op: 'route', side: 'inside', destination: '', gateway: endpoint.gateway, link: name },
  ];
}

/** The container's own names in its /etc/hosts: a fully qualified hostname also gets its first label, as in Docker. */
export function hostNames(hostname: string): string[] {
  const [label = ''] = hostname.split('.');
  return label !== '' && label !== hostname ? [hostname, label] : [hostname];
}
