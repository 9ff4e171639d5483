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
  hostIp: string;
  hostPort: number;
  containerPort: number;
  protocol: 'tcp' | 'udp' | 'sctp';
}

/** A container's place on one network (Docker's EndpointSettings, the result half). */
export interface Endpoint {
  networkId: NetworkId;
  networkName: string;
  endpointId: string;
  request: EndpointRequest;
  ipAddress: string;
  prefixLength: number;
  gateway: string;
  ipv6Address: string;
  ipv6PrefixLength: number;
  ipv6Gateway: string;
  macAddress: string;
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

export interface Network {
  id: NetworkId;
  name: string;
  driver: 'bridge' | 'host' | 'null';
  scope: 'local';
  created: number;
  internal: boolean;
  attachable: boolean;
  enableIpv4: boolean;
  enableIpv6: boolean;
  ipam: {
    driver: string;
    options: Record<string, string>;
    config: { subnet: string; gateway: string; ipRange: string }[];
  };
  options: Record<string, string>;
  labels: Record<string, string>;
  /** The Linux bridge, for driver bridge. */
  bridge: string;
}

/** What start needs to put one container on one network. */
export interface Attachment {
  endpoint: Endpoint;
  ports: PublishedPort[];
  /** Operations for the shim's side, after clone (veth), and for the inside (addresses, routes, sysctls). */
  operations: Operation[];
  /** Nameservers and search of a resolv.conf, and the /etc/hosts line for the container itself. */
  hostsEntry: { address: string; names: string[] } | null;
}

export interface AttachRequest {
  containerId: ContainerId;
  containerName: string;
  hostname: string;
  network: string;
  request: EndpointRequest;
  /** As the user asked; -P is already turned into bindings with hostPort "". */
  portBindings: Partial<Record<PortKey, PortBinding[]>>;
  /** Interface name inside: eth0, eth1, … */
  interfaceName: string;
}

/** What the networks noun offers. `ref`: name, id or unambiguous prefix. */
export interface Networks {
  get(ref: string): Promise<Network>;
  list(): Promise<Network[]>;
  /** Endpoints of running containers on it, for inspect. */
  endpoints(
    id: NetworkId,
  ): Promise<{ containerId: ContainerId; containerName: string; endpoint: Endpoint }[]>;
  /**
   * Reserves an address and the host ports (Docker's "port is already allocated" text on conflict), before the process exists.
   * Nothing of the kernel is changed yet but the ports' reservation.
   */
  attach(request: AttachRequest): Promise<Attachment>;
  /** The process runs: make the published ports live (one nftables transaction). */
  publish(containerId: ContainerId): Promise<void>;
  /** The process is gone, or the start failed: frees addresses, ports, rules. Idempotent; the veth died with its namespace. */
  release(containerId: ContainerId): Promise<void>;
  /** After a daemon restart: takes over what a running container has; frees what no running container holds. */
  recover(
    running: {
      containerId: ContainerId;
      containerName: string;
      endpoints: Endpoint[];
      ports: PublishedPort[];
    }[],
  ): Promise<void>;
  /** The host's view for /etc/resolv.conf: nameservers usable from a container (loopback ones replaced as Docker does). */
  resolver(hostNetwork: boolean): Promise<{ nameservers: string[]; search: string[]; options: string[] }>;
  /** The address that `host-gateway` of --add-host stands for. */
  hostGateway(): string;
}
