/** Networks in gantry's own words. */

import type { ContainerId, NetworkId } from '../lib/ids.ts';
import type { Operation } from '../linux/operations.ts';

/** `80/tcp`. */
export type PortKey = `${number}/${'tcp' | 'udp' | 'sctp'}`;

export interface PortBinding {
  /** "" = all addresses. */
  hostIp: string;
  /** "" = choose; "8000" or "8000-8010". */
  hostPort: string;
}

/** How a container wants to be on one network (Docker's EndpointSettings, the request half). */
export interface EndpointRequest {
  aliases: string[];
  links: string[];
  ipv4Address: string;
  ipv6Address: string;
  linkLocalIps: string[];
  macAddress: string;
  driverOptions: Record<string, string>;
  gwPriority: number;
}

/** A published port as it really is. */
export interface PublishedPort {
  /** "0.0.0.0" or "::" = every address of that family. */
  hostIp: string;
  hostPort: number;
  containerPort: number;
  protocol: 'tcp' | 'udp' | 'sctp';
}

/** A container's place on one network (Docker's EndpointSettings, the result half). Addresses are "" where it has none. */
export interface Endpoint {
  networkId: NetworkId;
  networkName: string;
  endpointId: string;
  request: EndpointRequest;
  /** Inside: eth0, eth1, … "" without an interface of its own. */
  interfaceName: string;
  ipAddress: string;
  prefixLength: number;
  gateway: string;
  ipv6Address: string;
  ipv6PrefixLength: number;
  ipv6Gateway: string;
  macAddress: string;
  /** What resolves to it on this network; empty where names are not served. */
  dnsNames: string[];
}

export interface NetworkCounters {
  rxBytes: number;
  rxPackets: number;
  rxErrors: number;
  rxDropped: number;
  txBytes: number;
  txPackets: number;
  txErrors: number;
  txDropped: number;
}

/** One range of addresses. Texts as the user wrote them, or as they were chosen; "" = not given. */
export interface IpamPool {
  subnet: string;
  gateway: string;
  ipRange: string;
  /** Name -> address that no container gets. */
  auxiliary: Record<string, string>;
}

export interface Ipam {
  driver: string;
  /** null: the client sent none, which inspect says as it is. */
  options: Record<string, string> | null;
  config: IpamPool[];
}

export type DriverName = 'bridge' | 'host' | 'null' | 'macvlan' | 'ipvlan';

/** What `network create` asks for. */
export interface NetworkRequest {
  name: string;
  /** As the user wrote it: "bridge", "macvlan", the name of a plugin. */
  driver: string;
  internal: boolean;
  attachable: boolean;
  enableIpv4: boolean;
  enableIpv6: boolean;
  /** Only a set of values for the `configFrom` of others. */
  configOnly: boolean;
  configFrom: string;
  ipam: Ipam;
  options: Record<string, string>;
  labels: Record<string, string>;
}

export interface Network extends NetworkRequest {
  id: NetworkId;
  driver: DriverName;
  scope: 'local';
  /** Unix milliseconds. */
  created: number;
  /** The link of the host that makes the network: the bridge, or the parent of macvlan and ipvlan. "" = none. */
  link: string;
}

/** A process whose network namespace is meant; `startTime` (field 22 of /proc/pid/stat) tells it from a later one with its pid. */
export interface NamespaceOf {
  pid: number;
  startTime: string;
}

export interface EndpointWish {
  /** Name, id or unambiguous prefix. */
  network: string;
  request: EndpointRequest;
}

/** Who a container is on its networks. */
export interface Identity {
  containerId: ContainerId;
  containerName: string;
  hostname: string;
  /** Whom its queries for names of the world go to; [] = whom the host asks. */
  dnsServers: string[];
  /** Of its resolv.conf; [] = those of the host's. */
  dnsOptions: string[];
}

export interface JoinRequest extends Identity {
  /** In the order of their interfaces. */
  endpoints: EndpointWish[];
  /** As the user asked; -P is already turned into bindings with hostPort "". */
  portBindings: Partial<Record<PortKey, PortBinding[]>>;
}

/** What start needs to put one container on its networks. */
export interface Joined {
  endpoints: Endpoint[];
  ports: PublishedPort[];
  /** Operations for the shim's side, after clone (links), and for the inside (addresses, routes, sysctls). */
  operations: Operation[];
}

/** A container that runs, and what it has. */
export interface Member extends Identity {
  endpoints: Endpoint[];
  ports: PublishedPort[];
}

/** From one container to the exposed ports of another on the same network, where `icc` is off. */
export interface Passage {
  from: ContainerId;
  to: ContainerId;
  ports: PortKey[];
}

/** What the networks noun offers. `ref`: name, id or unambiguous prefix. */
export interface Networks {
  get(ref: string): Promise<Network>;
  list(): Promise<Network[]>;
  /** Docker's texts: 409 for a name that is taken, 403 for overlapping pools and predefined names, 404 for a driver that is not there. */
  create(request: NetworkRequest): Promise<{ id: NetworkId; warning: string }>;
  /** Throws forbidden for the predefined ones and while a running container is on it. */
  remove(ref: string): Promise<void>;
  /** Removes those that `wanted` says and no running container is on. Returns their names. */
  prune(wanted: (network: Network) => boolean): Promise<string[]>;
  /** Makes links and rules on the host what they must be. Returns what had to be mended, in words. */
  repair(): Promise<string[]>;
  /** Endpoints of running containers on it, for inspect. */
  endpoints(
    id: NetworkId,
  ): Promise<{ containerId: ContainerId; containerName: string; endpoint: Endpoint }[]>;

  /**
   * Reserves addresses and host ports (Docker's "port is already allocated" text on conflict), before the process exists:
   * all of them or nothing. Nothing of the kernel is changed yet but the ports' reservation.
   */
  join(request: JoinRequest): Promise<Joined>;
  /** The process runs: make the published ports live (one nftables transaction). */
  publish(containerId: ContainerId): Promise<void>;
  /** The process is gone, or the start failed: frees addresses, ports, rules. Idempotent; the links died with their namespace. */
  release(containerId: ContainerId): Promise<void>;

  /** Reserves one more place for a running container. `plug` makes it real; `disconnect` undoes both. */
  connect(containerId: ContainerId, wish: EndpointWish): Promise<Member>;
  /** Makes link, addresses and routes of what `connect` reserved. Idempotent. */
  plug(containerId: ContainerId, networkId: NetworkId, inside: NamespaceOf): Promise<void>;
  /** Takes a running container off a network; what is left gets the default route and the published ports. */
  disconnect(containerId: ContainerId, networkId: NetworkId, inside: NamespaceOf): Promise<Member>;
  /** Publishes and withdraws ports of a running container: all of it or nothing. `remove`: of those it has. Returns what it has then. */
  republish(
    containerId: ContainerId,
    add: JoinRequest['portBindings'],
    remove: readonly PublishedPort[],
  ): Promise<PublishedPort[]>;
  /** Links between containers, for networks with `icc` off. Replaces those of `from`. */
  allow(from: ContainerId, passages: Passage[]): Promise<void>;
  /** Names follow; connections do not notice. null when it does not run. */
  rename(containerId: ContainerId, name: string): Member | null;

  /** After a daemon restart: takes over what a running container has, makes what is missing, frees what no running container holds. */
  recover(running: (Member & { inside: NamespaceOf })[]): Promise<void>;
  /** The host's view for /etc/resolv.conf: nameservers usable from a container (loopback ones replaced as Docker does). */
  resolver(hostNetwork: boolean): Promise<{ nameservers: string[]; search: string[]; options: string[] }>;
  /** Whether names are served at 127.0.0.11 to a container on these networks: on every user-defined one. */
  servesNames(endpoints: readonly Pick<Endpoint, 'networkId'>[]): boolean;
  /** The address that `host-gateway` of --add-host stands for. */
  hostGateway(): string;
}
