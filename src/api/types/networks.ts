/** Docker's JSON of the network endpoints, and a container's place on a network. */

export interface EndpointSettings {
  IPAMConfig: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] } | null;
  Links: string[] | null;
  Aliases: string[] | null;
  MacAddress: string;
  DriverOpts: Record<string, string> | null;
  GwPriority: number;
  NetworkID: string;
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  DNSNames: string[] | null;
}

export interface IPAMConfig {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string>;
}

export interface IPAM {
  Driver: string;
  Options: Record<string, string> | null;
  Config: IPAMConfig[];
}

export interface EndpointResource {
  Name: string;
  EndpointID: string;
  MacAddress: string;
  IPv4Address: string;
  IPv6Address: string;
}

export interface SubnetStatus {
  /** Neither goes beyond 2^64 - 1. */
  IPsInUse: number;
  DynamicIPsAvailable: number;
}

export interface NetworkStatus {
  /** By subnet. */
  IPAM: { Subnets?: Record<string, SubnetStatus> };
}

/** `GET /networks` gives it without Containers and Status, `GET /networks/{id}` with. */
export interface Network {
  Name: string;
  Id: string;
  Created: string;
  Scope: string;
  Driver: string;
  EnableIPv4: boolean;
  EnableIPv6: boolean;
  IPAM: IPAM;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: { Network: string };
  ConfigOnly: boolean;
  Containers?: Record<string, EndpointResource>;
  Options: Record<string, string>;
  Labels: Record<string, string>;
  /** API >= 1.52. */
  Status?: NetworkStatus;
}

export interface NetworkCreateBody {
  Name?: string;
  Driver?: string;
  Scope?: string;
  Internal?: boolean;
  Attachable?: boolean;
  Ingress?: boolean;
  ConfigOnly?: boolean;
  ConfigFrom?: { Network: string };
  IPAM?: Partial<IPAM>;
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  Options?: Record<string, string>;
  Labels?: Record<string, string>;
}

export interface NetworkCreateResponse {
  Id: string;
  Warning: string;
}

export interface NetworkConnectBody {
  Container?: string;
  EndpointConfig?: Partial<EndpointSettings>;
}

export interface NetworkDisconnectBody {
  Container?: string;
  Force?: boolean;
}

export interface NetworksPruneReport {
  NetworksDeleted: string[] | null;
}

/** gantry's own: what `POST /networks/repair` had to mend, in words. */
export interface NetworkRepairReport {
  Repaired: string[];
}
