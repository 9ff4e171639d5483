/** The operations that make a container's interfaces, and the names that go with them. Pure. */
import type { Family } from '../lib/ip.ts';
import { CLONE } from '../linux/flags.ts';
import type { Operation } from '../linux/operations.ts';
import type { Endpoint, NamespaceOf } from './model.ts';

type Side = Operation['side'];

/**
 * Before any interface of its own comes up. IPv6 is off but for loopback, so that no interface ever gets an address by which
 * it could be reached without having asked for one (CVE-2020-13401).
 */
export const loopbackOperations: readonly Operation[] = [
  // Missing where the kernel has no IPv6 at all. Loopback keeps ::1, as in Docker since 26.
  { op: 'sysctl', side: 'inside', name: 'net.ipv6.conf.all.disable_ipv6', value: '1', optional: true },
  { op: 'sysctl', side: 'inside', name: 'net.ipv6.conf.lo.disable_ipv6', value: '0', optional: true },
  { op: 'link', side: 'inside', name: 'lo', up: true, mtu: 0, rename: '' },
];

/** Where a link is made: in the namespace of the child that the plan makes, or of a process that runs. */
export const childNamespace: NamespaceOf = { pid: 0, startTime: '' };

/** With slashes, because a link's name may have dots. */
const linkSysctl = (link: string, key: string): string => `net/ipv6/conf/${link}/${key}`;

/** Addresses and settings of an interface that is there and down. It comes up. */
export function insideOperations(endpoint: Endpoint, side: Side): Operation[] {
  const { interfaceName: link, ipv6Address } = endpoint;
  const operations: Operation[] = [];
  if (ipv6Address !== '')
    for (const [key, value] of [
      ['disable_ipv6', '0'],
      ['accept_ra', '0'],
      ['autoconf', '0'],
    ] as const)
      operations.push({ op: 'sysctl', side, name: linkSysctl(link, key), value });
  for (const cidr of addressesOf(endpoint)) operations.push({ op: 'address', side, link, cidr });
  for (const [name, value] of endpointSysctls(endpoint)) operations.push({ op: 'sysctl', side, name, value });
  operations.push({ op: 'link', side, name: link, up: true, mtu: 0, rename: '' });
  return operations;
}

function addressesOf({
  ipAddress,
  prefixLength,
  ipv6Address,
  ipv6PrefixLength,
  request,
}: Endpoint): string[] {
  return [
    ...(ipAddress === '' ? [] : [`${ipAddress}/${prefixLength}`]),
    ...(ipv6Address === '' ? [] : [`${ipv6Address}/${ipv6PrefixLength}`]),
    ...request.linkLocalIps.map((address) => `${address}/${address.includes(':') ? 64 : 16}`),
  ];
}

/** `--network name=x,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,…` */
function endpointSysctls({ request, interfaceName }: Endpoint): [string, string][] {
  const text = request.driverOptions['com.docker.network.endpoint.sysctls'] ?? '';
  return text
    .split(',')
    .filter(Boolean)
    .map((setting) => {
      const [name = '', value = ''] = setting.split('=');
      return [name.replace(/IFNAME/i, interfaceName), value];
    });
}

/** Takes the place of the one that is there. `onLink`: everyone is reached directly (ipvlan in its routing modes). */
export function defaultRoute(endpoint: Endpoint, side: Side, family: Family, onLink: boolean): Operation {
  const gateway = family === 4 ? endpoint.gateway : endpoint.ipv6Gateway;
  return {
    op: 'route',
    side,
    destination: family === 4 ? '0.0.0.0/0' : '::/0',
    gateway: onLink ? '' : gateway,
    link: endpoint.interfaceName,
    replace: true,
  };
}

export const removeDefaultRoute = (endpoint: Endpoint, side: Side, family: Family): Operation => ({
  op: 'route-delete',
  side,
  destination: family === 4 ? '0.0.0.0/0' : '::/0',
  link: endpoint.interfaceName,
});

/** On which side the inside of a link is set up: in a one-shot plan there is only one, which `enter` moves. */
export const sideOf = ({ pid }: NamespaceOf): Side => (pid === 0 ? 'inside' : 'host');

/** From here on the one-shot plan works in a running container's namespace. Nothing for the plan's own child. */
export const enter = ({ pid, startTime }: NamespaceOf): Operation[] =>
  pid === 0 ? [] : [{ op: 'join', side: 'host', pid, startTime, flags: CLONE.NEWNET }];
