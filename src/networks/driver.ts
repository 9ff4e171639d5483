/** What a kind of network does. One file per driver in drivers/. */
import type { Attachment, AttachRequest, Endpoint, Network, PublishedPort } from './model.ts';

/** Everything of one container on one network. */
export interface Attached {
  containerId: string;
  containerName: string;
  endpoint: Endpoint;
  ports: PublishedPort[];
}

export interface Driver {
  /** Brings the network up on the host; everything may be there already. */
  open(): Promise<void>;
  /** Reserves address and ports and says what makes the interface. Changes nothing of the kernel but the ports' reservation. */
  attach(request: AttachRequest, endpointId: string): Attachment;
  /** Lets the published ports lead to the container. */
  publish(attached: Attached): Promise<void>;
  /** Gives back everything of an endpoint. */
  release(attached: Attached): Promise<void>;
  /** The containers that run after a daemon restart: all others have nothing here any more. */
  recover(running: readonly Attached[]): Promise<void>;
}

export function emptyEndpoint(network: Network, request: AttachRequest, endpointId: string): Endpoint {
  return {
    networkId: network.id,
    networkName: network.name,
    endpointId,
    request: request.request,
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
