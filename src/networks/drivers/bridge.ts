/** A bridge of the host with NAT: Docker's default network. */
import { invalid, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import { setHairpin } from '../../linux/bridge-port.ts';
import { forgetUdpFlowsOf, forgetUdpFlowsTo } from '../../linux/conntrack.ts';
import { runOperations } from '../../linux/native.ts';
import type { Nft } from '../../linux/nft.ts';
import { bridgePorts } from '../../linux/routes.ts';
import { formatIpv4, parseCidr, parseIpv4 } from '../addresses.ts';
import { ensureBridge, tuneBridge } from '../bridge-link.ts';
import { BridgeTable } from '../bridge-table.ts';
import { type Attached, type Driver, emptyEndpoint } from '../driver.ts';
import { hostNames, interfaceOperations, vethName, vethPattern } from '../endpoint.ts';
import { enableForwarding } from '../forwarding.ts';
import { connectivityError, type HostPorts } from '../host-ports.ts';
import { AddressPool, macOf, parseMac } from '../ipam.ts';
import type { Attachment, AttachRequest, Network } from '../model.ts';
import { parseBindings } from '../port-spec.ts';
import type { Forwarding } from '../ruleset.ts';

/** Each costs the kernel a walk over all tracked connections; the flows of a longer range run into their timeout instead. */
const maxForgotten = 64;

export interface BridgeParts {
  network: Network;
  mtu: number;
  nft: Nft;
  hostPorts: HostPorts;
  log: Log;
}

export class BridgeDriver implements Driver {
  readonly #parts: BridgeParts;
  readonly #pool: AddressPool;
  readonly #table: BridgeTable;

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    const { network } = parts;
    const subnet = parseCidr(network.ipam.config[0]?.subnet ?? '')?.subnet;
    const gateway = parseIpv4(network.ipam.config[0]?.gateway ?? '');
    if (!subnet || gateway === null) throw invalid(`network ${network.name} has no IPv4 subnet and gateway`);
    this.#pool = new AddressPool(subnet, gateway, `${network.name} (${network.id})`);
    const isOn = (option: string) => network.options[`com.docker.network.bridge.${option}`] !== 'false';
    const rules = {
      bridge: network.bridge,
      subnet,
      icc: isOn('enable_icc'),
      masquerade: isOn('enable_ip_masquerade'),
    };
    this.#table = new BridgeTable(rules, parts.nft, parts.log);
  }

  get gateway(): string {
    return formatIpv4(this.#pool.gateway);
  }

  async open(): Promise<void> {
    const { network, mtu, nft, log } = this.#parts;
    await ensureBridge(network.bridge, `${this.gateway}/${this.#pool.subnet.prefix}`, mtu);
    tuneBridge(network.bridge, log);
    await enableForwarding(nft, network.bridge);
    await this.#table.open();
  }

  attach(request: AttachRequest, endpointId: string): Attachment {
    const { network, mtu } = this.#parts;
    const wanted = parseBindings(request.portBindings);
    refuseUserDefinedOnly(request);
    const mac = request.request.macAddress && parseMac(request.request.macAddress);
    const address = this.#pool.allocate();
    const endpoint = {
      ...emptyEndpoint(network, request, endpointId),
      ipAddress: formatIpv4(address),
      prefixLength: this.#pool.subnet.prefix,
      gateway: this.gateway,
      macAddress: mac || macOf(address),
    };
    try {
      return {
        endpoint,
        ports: this.#parts.hostPorts.claim(endpointId, endpoint.ipAddress, wanted),
        operations: interfaceOperations(endpoint, {
          name: request.interfaceName,
          bridge: network.bridge,
          mtu,
        }),
        hostsEntry: { address: endpoint.ipAddress, names: hostNames(request.hostname) },
      };
    } catch (error) {
      this.#pool.release(address);
      throw connectivityError(request.containerName, endpointId, error);
    }
  }

  async publish(attached: Attached): Promise<void> {
    const forwardings = forwardingsOf(attached);
    if (forwardings.length === 0) return;
    const { endpoint } = attached;
    await this.#table.publish(endpoint.endpointId, forwardings);
    this.#forgetUdp(forwardings, (ports) => {
      for (const { hostPort } of ports.slice(0, maxForgotten)) forgetUdpFlowsTo(hostPort);
    });
    // With br_netfilter, a container's call to its own published port is turned round within the bridge.
    this.#tolerate('hairpin mode', () => setHairpin(vethName(endpoint.endpointId)));
  }

  /** Tracked UDP flows keep their old destination, and a client that goes on sending keeps them alive for ever (moby#8795). */
  #forgetUdp(forwardings: readonly Forwarding[], forget: (ports: readonly Forwarding[]) => void): void {
    const ports = forwardings.filter(({ protocol }) => protocol === 'udp');
    if (ports.length > 0) this.#tolerate('forgetting UDP flows', () => forget(ports));
  }

  #tolerate(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#parts.log('warn', `${what}: ${messageOf(error)}`, { bridge: this.#parts.network.bridge });
    }
  }

  async release({ endpoint }: Attached): Promise<void> {
    const address = parseIpv4(endpoint.ipAddress);
    try {
      const withdrawn = await this.#table.withdraw(endpoint.endpointId);
      this.#forgetUdp(withdrawn, () => forgetUdpFlowsOf(address ?? 0));
    } finally {
      // Only now may another container get the address and the ports: the old rules would lead to it.
      this.#parts.hostPorts.release(endpoint.endpointId);
      if (address !== null) this.#pool.release(address);
    }
  }

  async recover(running: readonly Attached[]): Promise<void> {
    const published = new Map<string, Forwarding[]>();
    for (const attached of running) {
      const { endpoint, ports } = attached;
      const address = parseIpv4(endpoint.ipAddress);
      if (address !== null) this.#pool.adopt(address);
      for (const { hostIp, hostPort, protocol } of this.#parts.hostPorts.adopt(endpoint.endpointId, ports))
        this.#parts.log('warn', 'a process of the host has bound a published port', {
          container: attached.containerName,
          port: `${hostIp}:${hostPort}/${protocol}`,
        });
      if (ports.length > 0) published.set(endpoint.endpointId, forwardingsOf(attached));
    }
    await this.#table.replace(published);
    await this.#removeStaleLinks(new Set(running.map(({ endpoint }) => vethName(endpoint.endpointId))));
  }

  /** Takes rules and bridge off the host. No container may be on it. */
  async remove(): Promise<void> {
    const { bridge } = this.#parts.network;
    await this.#table.remove();
    await runOperations([{ op: 'link-delete', side: 'host', name: bridge }]);
  }

  /** A veth outlives its shim only when something else holds the network namespace. */
  async #removeStaleLinks(wanted: ReadonlySet<string>): Promise<void> {
    const stale = bridgePorts(this.#parts.network.bridge).filter(
      (n) => vethPattern.test(n) && !wanted.has(n),
    );
    if (stale.length === 0) return;
    this.#parts.log('info', 'removing links of containers that are gone', { links: stale });
    await runOperations(
      stale.map((name) => ({ op: 'link-delete', side: 'host', name, optional: true }) as const),
    );
  }
}

function forwardingsOf({ endpoint, ports }: Attached): Forwarding[] {
  return ports.map((port) => ({ ...port, address: endpoint.ipAddress }));
}

function refuseUserDefinedOnly({ request }: AttachRequest): void {
  if (request.ipv4Address || request.ipv6Address)
    throw invalid('user specified IP address is supported on user defined networks only');
  if (request.aliases.length > 0)
    throw invalid('network-scoped aliases are only supported for user-defined networks');
}
