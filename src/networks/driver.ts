/** What a kind of network does. One file per driver in drivers/. */
import { invalid } from '../lib/errors.ts';
import { type Address, type Family, formatAddress, parseAddress } from '../lib/ip.ts';
import type { Operation } from '../linux/operations.ts';
import type { NetworkRules } from './firewall/network-rules.ts';
import { type AddressPool, macOf, parseMac } from './ipam.ts';
import type { Endpoint, EndpointRequest, NamespaceOf, Network } from './model.ts';

/** One container's interface to be. */
export interface Place {
  request: EndpointRequest;
  endpointId: string;
  /** The interface's number among the container's. */
  index: number;
}

export interface LinkSetup {
  /** Where the interface appears. */
  inside: NamespaceOf;
  /** Families whose default route leads by this interface. */
  defaultRoutes: readonly Family[];
  /** The container calls ports that it publishes itself. */
  hairpin: boolean;
}

export interface Driver {
  readonly network: Network;
  /** Brings the network up on the host; everything may be there already. Returns whether something was missing. */
  open(): Promise<boolean>;
  /** Takes it off the host. No container may be on it. Idempotent. */
  remove(): Promise<void>;
  /** null: nothing to translate or to guard. */
  rules(): NetworkRules | null;
  /** The families in which an endpoint reaches the world by this network. */
  ways(endpoint: Endpoint): readonly Family[];
  /** Takes addresses. Changes nothing of the kernel. Throws what Docker says of addresses that cannot be had. */
  reserve(place: Place): Endpoint;
  /** Takes over what a running container has. */
  adopt(endpoint: Endpoint): void;
  /** Gives the addresses back. */
  free(endpoint: Endpoint): void;
  /** Makes the interface: the operations of the host's side, then those inside (on side `host` once a namespace was entered). */
  link(endpoint: Endpoint, setup: LinkSetup): Operation[];
  /** Takes the interface of a running container away. */
  unlink(endpoint: Endpoint, inside: NamespaceOf): Operation[];
  /** Routes go to the link itself, not to a gateway. */
  readonly onLink: boolean;
}

export function emptyEndpoint(network: Network, { request, endpointId }: Place): Endpoint {
  return {
    networkId: network.id,
    networkName: network.name,
    endpointId,
    request,
    interfaceName: '',
    ipAddress: '',
    prefixLength: 0,
    gateway: '',
    ipv6Address: '',
    ipv6PrefixLength: 0,
    ipv6Gateway: '',
    macAddress: '',
    dnsNames: [],
  };
}

/** The pools of a network, by family; null = it has no addresses of that family. */
export type Pools = Record<Family, AddressPool | null>;

const take = (pool: AddressPool | null, wanted: string): Address | null => {
  const address = parseAddress(wanted);
  if (!pool && address) throw invalid(`no configured subnet contains IP address ${wanted}`);
  if (!pool) return null;
  if (!address) return pool.allocate();
  pool.reserve(address);
  return address;
};

/** Addresses of both families, or none of them. */
export function reserveAddresses(
  pools: Pools,
  request: EndpointRequest,
): { v4: Address | null; v6: Address | null } {
  const v4 = take(pools[4], request.ipv4Address);
  try {
    return { v4, v6: take(pools[6], request.ipv6Address) };
  } catch (error) {
    if (v4) pools[4]?.release(v4);
    throw error;
  }
}

/** An endpoint with its addresses; the gateway is there unless `gateway` says no. */
export function addressedEndpoint(
  network: Network,
  place: Place,
  pools: Pools,
  interfaceName: string,
): Endpoint {
  const mac = place.request.macAddress && parseMac(place.request.macAddress);
  const { v4, v6 } = reserveAddresses(pools, place.request);
  const gateway = (family: Family) => {
    const address = pools[family]?.gateway;
    return address ? formatAddress(address) : '';
  };
  const known = v4 ?? v6;
  return {
    ...emptyEndpoint(network, place),
    interfaceName,
    macAddress: mac || (known ? macOf(known) : ''),
    ...(v4 && { ipAddress: formatAddress(v4), prefixLength: pools[4]?.prefix ?? 0, gateway: gateway(4) }),
    ...(v6 && {
      ipv6Address: formatAddress(v6),
      ipv6PrefixLength: pools[6]?.prefix ?? 0,
      ipv6Gateway: gateway(6),
    }),
  };
}

/** The addresses of an endpoint with the pools that they are from. */
export function eachAddress(
  endpoint: Endpoint,
  pools: Pools,
  act: (pool: AddressPool, address: Address) => void,
): void {
  for (const text of [endpoint.ipAddress, endpoint.ipv6Address]) {
    const address = parseAddress(text);
    const pool = address && pools[address.family];
    if (address && pool) act(pool, address);
  }
}
