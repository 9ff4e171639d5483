/** The networks noun: which networks there are, and who is on them. The work is done by one driver per network. */
import { randomBytes } from 'node:crypto';
import type { Database } from '../lib/database.ts';
import { conflict, internal, notFound } from '../lib/errors.ts';
import type { Emit } from '../lib/events.ts';
import type { ContainerId, NetworkId } from '../lib/ids.ts';
import type { Log } from '../lib/op.ts';
import { lockNamespace } from '../linux/netns-lock.ts';
import { openNft } from '../linux/nft.ts';
import { linkExists } from '../linux/routes.ts';
import { checkLinkName } from './bridge-link.ts';
import type { Attached, Driver } from './driver.ts';
import { BridgeDriver } from './drivers/bridge.ts';
import { hostDriver } from './drivers/host.ts';
import { nullDriver } from './drivers/null.ts';
import { HostPorts } from './host-ports.ts';
import type { Attachment, AttachRequest, Endpoint, Network, Networks, PublishedPort } from './model.ts';
import { defaultMtu, ensureDefaultBridge, ensurePlain } from './predefined.ts';
import { type Resolver, resolverFor } from './resolver.ts';
import { NetworkStore } from './store.ts';

export interface NetworkOptions {
  db: Database;
  /** Name of the default bridge; null = no network `bridge`. */
  bridge: string | null;
  /** The bridge's address, "172.17.0.1/16"; "" = what it was, or a subnet that collides with no route. */
  bip: string;
  /** 0 = that of the link with the default route. */
  mtu: number;
  emit: Emit;
  log: Log;
}

interface Open {
  network: Network;
  driver: Driver;
}

export class NetworkService implements Networks {
  readonly #options: NetworkOptions;
  readonly #store: NetworkStore;
  readonly #hostPorts = new HostPorts();
  readonly #networks = new Map<NetworkId, Open>();
  readonly #attached = new Map<ContainerId, Attached[]>();
  #defaultBridge: BridgeDriver | null = null;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#store = new NetworkStore(options.db);
  }

  /** Brings the predefined networks up. Idempotent on the host; call once, before anything else. */
  async open(): Promise<void> {
    const host = ensurePlain(this.#store, 'host');
    const none = ensurePlain(this.#store, 'none');
    this.#networks.set(host.id, { network: host, driver: hostDriver(host) });
    this.#networks.set(none.id, { network: none, driver: nullDriver(none) });
    if (this.#options.bridge !== null) await this.#openBridge(checkLinkName(this.#options.bridge));
  }

  /** One daemon at a time, so that two that start together do not choose the same subnet. */
  async #openBridge(bridge: string): Promise<void> {
    using _turn = await lockNamespace('subnet');
    const { bip, log } = this.#options;
    const mtu = this.#options.mtu || defaultMtu();
    if (!linkExists(bridge)) this.#store.rememberLink(bridge);
    const network = ensureDefaultBridge(this.#store, { bridge, bip, mtu, log });
    const driver = new BridgeDriver({ network, mtu, nft: openNft(), hostPorts: this.#hostPorts, log });
    await driver.open();
    this.#defaultBridge = driver;
    this.#networks.set(network.id, { network, driver });
  }

  /** The daemon ends. Containers keep what they have; without any, the bridge (if we made it) and its rules go too. */
  async close(): Promise<void> {
    const { bridge } = this.#options;
    if (this.#attached.size > 0 || bridge === null || !this.#store.madeLink(bridge)) return;
    await this.#defaultBridge?.remove();
    this.#store.forgetLink(bridge);
  }

  async get(ref: string): Promise<Network> {
    return this.#find(ref).network;
  }

  async list(): Promise<Network[]> {
    return [...this.#networks.values()].map(({ network }) => network);
  }

  async endpoints(
    id: NetworkId,
  ): Promise<{ containerId: ContainerId; containerName: string; endpoint: Endpoint }[]> {
    return [...this.#attached].flatMap(([containerId, list]) =>
      list
        .filter(({ endpoint }) => endpoint.networkId === id)
        .map(({ containerName, endpoint }) => ({ containerId, containerName, endpoint })),
    );
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    const { network, driver } = this.#find(request.network);
    const { containerId, containerName } = request;
    const present = this.#attached.get(containerId) ?? [];
    if (present.some(({ endpoint }) => endpoint.networkId === network.id))
      throw conflict(`endpoint with name ${containerName} already exists in network ${network.name}`);
    const attachment = driver.attach(request, randomBytes(32).toString('hex'));
    const { endpoint, ports } = attachment;
    this.#attached.set(containerId, [...present, { containerId, containerName, endpoint, ports }]);
    this.#emit('connect', network, containerId);
    return attachment;
  }

  async publish(containerId: ContainerId): Promise<void> {
    for (const attached of this.#attached.get(containerId) ?? [])
      await this.#driverOf(attached).publish(attached);
  }

  async release(containerId: ContainerId): Promise<void> {
    const list = this.#attached.get(containerId) ?? [];
    this.#attached.delete(containerId);
    for (const attached of list) {
      await this.#driverOf(attached).release(attached);
      const network = this.#networks.get(attached.endpoint.networkId)?.network;
      if (network) this.#emit('disconnect', network, containerId);
    }
  }

  async recover(
    running: {
      containerId: ContainerId;
      containerName: string;
      endpoints: Endpoint[];
      ports: PublishedPort[];
    }[],
  ): Promise<void> {
    this.#attached.clear();
    for (const { containerId, containerName, endpoints, ports } of running) {
      const known = endpoints.filter(({ networkId }) => this.#networks.has(networkId));
      const publisher = known.find(({ ipAddress }) => ipAddress !== '');
      this.#attached.set(
        containerId,
        known.map((endpoint) => ({
          containerId,
          containerName,
          endpoint,
          ports: endpoint === publisher ? ports : [],
        })),
      );
    }
    const all = [...this.#attached.values()].flat();
    for (const [id, { driver }] of this.#networks)
      await driver.recover(all.filter(({ endpoint }) => endpoint.networkId === id));
  }

  async resolver(hostNetwork: boolean): Promise<Resolver> {
    return resolverFor(hostNetwork);
  }

  /** "" without a default bridge. */
  hostGateway(): string {
    return this.#defaultBridge?.gateway ?? '';
  }

  /** By name, id, then unambiguous id prefix, as Docker looks up. */
  #find(ref: string): Open {
    const all = [...this.#networks.values()];
    const exact =
      all.find(({ network }) => network.name === ref) ?? all.find(({ network }) => network.id === ref);
    if (exact) return exact;
    const matches = ref === '' ? [] : all.filter(({ network }) => network.id.startsWith(ref));
    if (matches.length > 1)
      throw conflict(`network ${ref} is ambiguous (${matches.length} matches found based on ID prefix)`);
    const [only] = matches;
    if (!only) throw notFound(`network ${ref} not found`);
    return only;
  }

  #driverOf({ endpoint }: Attached): Driver {
    const open = this.#networks.get(endpoint.networkId);
    if (!open) throw internal(`network ${endpoint.networkName} is not open`);
    return open.driver;
  }

  #emit(action: 'connect' | 'disconnect', network: Network, containerId: ContainerId): void {
    this.#options.emit({
      type: 'network',
      action,
      id: network.id,
      attributes: { container: containerId, name: network.name, type: network.driver },
    });
  }
}
