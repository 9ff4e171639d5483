/** From what `network create` asks for to the network's record: everything that was left open is decided here. */
import { conflict, forbidden, internal, invalid, notFound } from '../lib/errors.ts';
import { newNetworkId } from '../lib/ids.ts';
import {
  type Family,
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseCidr,
  type Subnet,
} from '../lib/ip.ts';
import { checkPool, defaultGateway } from './ipam.ts';
import { bridgeName, dummyName } from './link-name.ts';
import type { DriverName, IpamPool, Network, NetworkRequest } from './model.ts';
import { bridgeOptions, mtuOption, parentOptions } from './options.ts';
import { chooseSubnet, chooseSubnet6 } from './pools.ts';
import { anyOverlap, nameserverAddresses, routedElsewhere, subnetsOf, usedSubnets } from './used-subnets.ts';

export interface Surroundings {
  networks: readonly Network[];
  /** 40 bits of the engine's own, for IPv6 subnets that nobody chose. */
  globalId: bigint;
  /** Ranges that IPv4 subnets come from when nobody chose one. */
  pools: readonly Subnet[];
}

const drivers: readonly DriverName[] = ['bridge', 'macvlan', 'ipvlan'];

/** The record, and what the user should know about it. Throws Docker's texts for what cannot be. */
export function defineNetwork(
  given: NetworkRequest,
  around: Surroundings,
): { network: Network; warning: string } {
  checkName(given.name, around.networks);
  const request = withConfiguration(given, around.networks);
  const id = newNetworkId();
  const driver = request.configOnly ? 'null' : driverOf(request.driver);
  const base = { ...request, driver, id, scope: 'local' as const, created: Date.now() };
  if (request.configOnly) return { network: { ...base, link: '' }, warning: '' };
  const link = linkOf(base);
  const ipam = { ...request.ipam, config: fillPools(request, around) };
  const network: Network = { ...base, ipam, link };
  checkNetwork(network, around.networks);
  const warnings = [overlapWarning(network), ...unusedSubnets(request, network)];
  return { network, warning: warnings.filter(Boolean).join('; ') };
}

function checkName(name: string, networks: readonly Network[]): void {
  if (name.trim() === '') throw invalid('invalid name: name is empty');
  if (name.startsWith('container:')) throw forbidden(`'${name}' is a reserved name`);
  if (networks.some((other) => other.name === name))
    throw conflict(`network with name ${name} already exists`);
}

function driverOf(name: string): DriverName {
  if (name === 'host' || name === 'null')
    throw forbidden(`only one instance of "${name}" network is allowed`);
  const known = drivers.find((driver) => driver === name);
  if (!known) throw notFound(`could not find plugin ${name} in v1 plugin registry: plugin not found`);
  return known;
}

/** `--config-from`: another record says how. */
function withConfiguration(request: NetworkRequest, networks: readonly Network[]): NetworkRequest {
  if (request.configFrom === '') return request;
  const from = networks.find(({ name, configOnly }) => configOnly && name === request.configFrom);
  if (!from) throw notFound(`configuration network ${JSON.stringify(request.configFrom)} does not exist`);
  const { ipam, internal, enableIpv6, options, labels } = request;
  if (
    ipam.config.length > 0 ||
    internal ||
    enableIpv6 ||
    [ipam.options ?? {}, options, labels].some((map) => Object.keys(map).length > 0)
  )
    throw forbidden(
      'user specified configurations are not supported if the network depends on a configuration network',
    );
  return {
    ...request,
    ipam: from.ipam,
    internal: from.internal,
    enableIpv4: from.enableIpv4,
    enableIpv6: from.enableIpv6,
    options: from.options,
    labels: from.labels,
  };
}

function linkOf({ driver, id, options }: Pick<Network, 'driver' | 'id' | 'options'>): string {
  if (driver === 'bridge') return bridgeOptions(options).name || bridgeName(id);
  return parentOptions(driver === 'macvlan' ? 'macvlan' : 'ipvlan', options).parent || dummyName(id);
}

function fillPools(request: NetworkRequest, around: Surroundings): IpamPool[] {
  const { enableIpv4, enableIpv6, ipam } = request;
  if (!enableIpv4 && !enableIpv6) throw invalid('IPv4 or IPv6 must be enabled');
  if (ipam.driver !== 'default')
    throw notFound(`could not find plugin ${ipam.driver} in v1 plugin registry: plugin not found`);
  const wanted: Family[] = [...(enableIpv4 ? [4 as const] : []), ...(enableIpv6 ? [6 as const] : [])];
  const given = ipam.config.map((pool) => ({
    pool,
    family: pool.subnet === '' ? 4 : checkPool(pool).family,
  }));
  return wanted.flatMap((family) => {
    const own = given.filter((one) => one.family === family).map(({ pool }) => pool);
    if (own.length > 1) throw forbidden(`${request.driver} driver doesn't support multiple subnets`);
    return [fillPool(own[0] ?? { subnet: '', gateway: '', ipRange: '', auxiliary: {} }, family, around)];
  });
}

function fillPool(pool: IpamPool, family: Family, { networks, globalId, pools }: Surroundings): IpamPool {
  if (pool.subnet === '' && (pool.ipRange !== '' || pool.gateway !== ''))
    throw invalid('every ip-range or gateway must have a corresponding subnet');
  const given = parseCidr(pool.subnet)?.subnet;
  const used = given ? [] : usedSubnets(family, networks);
  const subnet =
    given ??
    (family === 4 ? chooseSubnet(used, nameserverAddresses(), pools) : chooseSubnet6(used, globalId));
  const range = parseCidr(pool.ipRange)?.subnet ?? subnet;
  const gateway = pool.gateway.split('/')[0] || formatAddress(defaultGateway(subnet, range));
  checkAuxiliary(pool, gateway);
  return { ...pool, subnet: formatSubnet(subnet), gateway };
}

/** Each address once. */
function checkAuxiliary({ auxiliary }: IpamPool, gateway: string): void {
  const taken = new Set([parseAddress(gateway)?.value]);
  for (const [name, address] of Object.entries(auxiliary)) {
    const value = parseAddress(address)?.value;
    if (taken.has(value))
      throw internal(`failed to allocate secondary ip address (${name}:${address}): Address already in use`);
    taken.add(value);
  }
}

function checkNetwork(network: Network, networks: readonly Network[]): void {
  mtuOption(network.options);
  const subnets = subnetsOf(network);
  for (const other of networks.filter(({ configOnly }) => !configOnly)) {
    if (network.driver === 'bridge' && other.link === network.link)
      throw forbidden(
        `cannot create network ${network.id} (${network.link}): conflicts with network ${other.id} (${other.link}): networks have same bridge name`,
      );
    if (subnetsOf(other).some((taken) => subnets.some((subnet) => overlaps(subnet, taken))))
      throw forbidden('invalid pool request: Pool overlaps with other one on this address space');
  }
}

/** Docker drops a subnet of a family that the network does not have without a word. */
const unusedSubnets = ({ ipam }: NetworkRequest, { ipam: used }: Network): string[] =>
  ipam.config
    .map(({ subnet }) => subnet)
    .filter((subnet) => subnet !== '' && !used.config.some((pool) => pool.subnet === subnet))
    .map((subnet) => {
      const family = parseCidr(subnet)?.subnet.family;
      return `the subnet ${subnet} is not used: IPv${family} is not enabled for this network`;
    });

/** A subnet of the user's choice is not refused for a route of the host, but whoever chose it should know. */
function overlapWarning(network: Network): string {
  if (network.driver !== 'bridge') return '';
  const hidden = subnetsOf(network).find((subnet) =>
    anyOverlap(subnet, routedElsewhere(subnet.family, network.link)),
  );
  return hidden
    ? `the subnet ${formatSubnet(hidden)} overlaps a route of this host, which containers on it cannot use`
    : '';
}
