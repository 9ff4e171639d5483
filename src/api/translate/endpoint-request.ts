/** How a container wants to be on a network: Docker's EndpointSettings in a request, and what is refused in it. */
import { invalid } from '../../lib/errors.ts';
import { type Address, type Family, formatAddress, parseAddress } from '../../lib/ip.ts';
import type { EndpointRequest } from '../../networks/model.ts';
import type { Fields } from './fields.ts';
import { joinReasons } from './reasons.ts';

export function parseEndpoint(endpoint: Fields, version: number): EndpointRequest {
  const ipam = endpoint.object('IPAMConfig');
  return {
    aliases: endpoint.texts('Aliases'),
    links: endpoint.texts('Links'),
    ipv4Address: canonicalAddress(ipam?.text('IPv4Address') ?? ''),
    ipv6Address: canonicalAddress(ipam?.text('IPv6Address') ?? ''),
    linkLocalIps: ipam?.texts('LinkLocalIPs').map(canonicalAddress) ?? [],
    // Before 1.44 the address belonged to the container and this field was only ever an answer.
    macAddress: version >= 44 ? canonicalMac(endpoint.text('MacAddress')) : '',
    driverOptions: endpoint.textMap('DriverOpts'),
    gwPriority: version >= 48 ? endpoint.integer('GwPriority') : 0,
  };
}

/** IPv4 in IPv6 (::ffff:10.0.0.1) is IPv4. */
function unmapped(address: Address): Address {
  const mapped = address.family === 6 && address.value >> 32n === 0xffffn;
  return mapped ? { family: 4, value: address.value & 0xffffffffn } : address;
}

/** What is no address stays as it is, to be refused with the user's own text. */
function canonicalAddress(text: string): string {
  const address = parseAddress(text);
  return address ? formatAddress(unmapped(address)) : text;
}

const mac = /^[\da-f]{2}(?::[\da-f]{2}){5}$/;
const macForms =
  /^(?:[\da-f]{2}(?::[\da-f]{2}){5}|[\da-f]{2}(?:-[\da-f]{2}){5}|[\da-f]{4}(?:\.[\da-f]{4}){2})$/i;

/** "92-D0-C6-0A-29-33", "92d0.c60a.2933" -> "92:d0:c6:0a:29:33"; what is none stays as it is. */
function canonicalMac(text: string): string {
  if (!macForms.test(text)) return text;
  const digits = text.replace(/[-:.]/g, '').toLowerCase();
  return digits.replace(/(..)(?!$)/g, '$1:');
}

/** Refuses what cannot be meant on any network. `network` is its name as the request has it. */
export function checkEndpoint(network: string, request: EndpointRequest): void {
  const problem = problemOf(network, request);
  if (problem !== null) throw invalid(problem);
}

/** The same for every network of a new container; the default one is the bridge in what is said of it. */
export function checkEndpoints(requests: Readonly<Record<string, EndpointRequest>>): void {
  const problems = Object.entries(requests).flatMap(([network, request]) => {
    const problem = problemOf(network, request);
    const name = network === 'default' ? 'bridge' : network;
    return problem === null ? [] : [`invalid config for network ${name}: ${problem}`];
  });
  if (problems.length > 0) throw invalid(joinReasons(problems));
}

function problemOf(network: string, request: EndpointRequest): string | null {
  const { macAddress } = request;
  if (macAddress !== '' && !mac.test(macAddress)) return `invalid MAC address ${macAddress}`;
  const reasons = [...userDefinedOnly(network, request), ...badAddresses(request), ...badSysctls(request)];
  return reasons.length === 0 ? null : `invalid endpoint settings:\n${joinReasons(reasons)}`;
}

const builtIn = new Set(['', 'default', 'bridge', 'host', 'none', 'container']);

export const isUserDefined = (network: string): boolean =>
  !builtIn.has(network) && !network.startsWith('container:');

function userDefinedOnly(network: string, { aliases, ipv4Address, ipv6Address }: EndpointRequest): string[] {
  if (isUserDefined(network)) return [];
  return [
    ...(ipv4Address || ipv6Address
      ? ['user specified IP address is supported on user defined networks only']
      : []),
    ...(aliases.length > 0 ? ['network-scoped aliases are only supported for user-defined networks'] : []),
  ];
}

function badAddresses({ ipv4Address, ipv6Address, linkLocalIps }: EndpointRequest): string[] {
  const isBad = (text: string, family?: Family) => {
    const address = parseAddress(text);
    return !address || address.value === 0n || (family !== undefined && address.family !== family);
  };
  return [
    ...(ipv4Address && isBad(ipv4Address, 4) ? [`invalid IPv4 address: ${ipv4Address}`] : []),
    ...(ipv6Address && isBad(ipv6Address, 6) ? [`invalid IPv6 address: ${ipv6Address}`] : []),
    ...linkLocalIps.filter((ip) => isBad(ip)).map((ip) => `invalid link-local IP address: ${ip}`),
  ];
}

const interfaceSysctl = /^[^.]*\.(ipv4|ipv6|mpls)\.[^.]*\.(IFNAME|ifname)\../;

/** Settings of the container's own interface, whose name is not known yet. */
function badSysctls({ driverOptions }: EndpointRequest): string[] {
  const given = driverOptions['com.docker.network.endpoint.sysctls'];
  return (given?.split(',') ?? [])
    .filter((setting) => !interfaceSysctl.test(setting))
    .map(
      (setting) =>
        `unrecognised network interface sysctl '${setting}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
    );
}
