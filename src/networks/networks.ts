/** The networks noun: which networks there are, and who is on them. Each method is a file of its own. */
import { createHash } from 'node:crypto';
import type { Database } from '../lib/database.ts';
import { messageOf } from '../lib/errors.ts';
import type { Emit } from '../lib/events.ts';
import type { Subnet } from '../lib/ip.ts';
import type { Log } from '../lib/op.ts';
import { lockNamespace } from '../linux/netns-lock.ts';
import { type Nft, openNft } from '../linux/nft.ts';
import { connect, disconnect, plug, republish } from './connect.ts';
import { allowForwarding, findDriver, hasNames, memberOf, type NetworkContext } from './context.ts';
import { DnsServer } from './dns/server.ts';
import { BridgeDriver } from './drivers/bridge.ts';
import { makeDriver } from './drivers/make.ts';
import { Firewall } from './firewall/firewall.ts';
import { watchFirewall } from './firewall/watch.ts';
import { HostPorts } from './host-ports.ts';
import { dnsNames, join, release } from './join.ts';
import { createNetwork, pruneNetworks, removeNetwork } from './lifecycle.ts';
import { checkLinkName } from './link-name.ts';
import { Members } from './members.ts';
import type { Network, Networks } from './model.ts';
import { nameView } from './names.ts';
import { openPassages } from './passages.ts';
import { defaultPools } from './pools.ts';
import { defaultMtu, ensureDefaultBridge, ensurePlain } from './predefined.ts';
import { publishMember } from './publishing.ts';
import { recover } from './recover.ts';
import { repair } from './repair.ts';
import { resolverFor } from './resolver.ts';
import { NetworkStore } from './store.ts';

export interface NetworkOptions {
  db: Database;
  /** What this engine's table, addresses and sockets are told apart by from those of others: its data root. */
  identity: string;
  /** Path of the socket that shims ask for names. */
  namesPath: string;
  /** Name of the default bridge; null = no network `bridge`. */
  bridge: string | null;
  /** The bridge's address, "172.17.0.1/16"; "" = what it was, or a subnet that collides with no route. */
  bip: string;
  /** Containers on the default bridge may talk to each other. */
  icc: boolean;
  /** IPv4 ranges for networks without one; [] = Docker's. */
  pools: readonly Subnet[];
  /** Mend by itself what others do to the rules. */
  watch: boolean;
  /** 0 = that of the link with the default route. */
  mtu: number;
  emit: Emit;
  log: Log;
}

/** Of every engine on this host its own; that of the default data root is called simply `gantry`. */
export function tableName(identity: string): string {
  if (identity === '/var/lib/gantry') return 'gantry';
  return `gantry-${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`;
}

const globalIdOf = (identity: string): bigint =>
  BigInt(`0x${createHash('sha256').update(identity).digest('hex').slice(0, 10)}`);

export class NetworkService implements Networks {
  readonly #options: NetworkOptions;
  readonly #context: NetworkContext;
  readonly #dns: DnsServer;
  #watch: Disposable | null = null;
  #nft: Nft | null = null;

  constructor(options: NetworkOptions) {
    this.#options = options;
    const { identity, log, emit, pools } = options;
    const nft = () => {
      this.#nft ??= openNft();
      return this.#nft;
    };
    this.#context = {
      store: new NetworkStore(options.db),
      drivers: new Map(),
      members: new Members((ids) => this.#dns.forget(ids)),
      firewall: new Firewall(tableName(identity), nft, log),
      nft,
      hostPorts: new HostPorts(),
      pools: pools.length > 0 ? pools : defaultPools,
      globalId: globalIdOf(identity),
      defaultMtu: options.mtu || defaultMtu(),
      emit,
      log,
    };
    this.#dns = new DnsServer({ path: options.namesPath, views: (id) => nameView(this.#context, id), log });
  }

  /** Brings the networks up. Idempotent on the host; call once, before anything else. */
  async open(): Promise<void> {
    const context = this.#context;
    const { bridge } = this.#options;
    const networks = [ensurePlain(context.store, 'host'), ensurePlain(context.store, 'none')];
    {
      // One daemon at a time, so that two that start together do not choose the same subnet.
      using _turn = await lockNamespace('subnet');
      if (bridge !== null) networks.push(this.#ensureBridge(checkLinkName(bridge)));
      networks.push(...context.store.list().filter(({ name }) => !['bridge', 'host', 'none'].includes(name)));
      for (const network of networks) await this.#openNetwork(network);
    }
    await allowForwarding(context, networks);
    const rules = [...context.drivers.values()].map((driver) => driver.rules());
    await context.firewall.open(rules.filter((one) => one !== null));
    await this.#dns.open();
    if (this.#options.watch) this.#watch = watchFirewall(context.firewall, context.log);
  }

  #ensureBridge(bridge: string): Network {
    const { bip, icc, log } = this.#options;
    const { store, defaultMtu: mtu } = this.#context;
    return ensureDefaultBridge(store, { bridge, bip, icc, mtu, log });
  }

  /** The default bridge must come up; a network of the user's whose parent link is gone must not keep the engine from starting. */
  async #openNetwork(network: Network): Promise<void> {
    const driver = makeDriver(this.#context, network);
    this.#context.store.claimLink(network.link);
    this.#context.drivers.set(network.id, driver);
    try {
      await driver.open();
    } catch (error) {
      if (network.name === 'bridge') throw error;
      this.#context.log('warn', 'a network does not come up', {
        network: network.name,
        error: messageOf(error),
      });
    }
  }

  /** The daemon ends. Containers keep what they have; without any, links that we made and rules go too, until the next start. */
  async close(): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    await this.#dns.close();
    const { members, drivers, store, firewall } = this.#context;
    if (members.size > 0) return;
    for (const driver of drivers.values()) if (store.madeLink(driver.network.link)) await driver.remove();
    await firewall.remove();
  }

  get: Networks['get'] = async (ref) => findDriver(this.#context, ref).network;
  list: Networks['list'] = async () => [...this.#context.drivers.values()].map(({ network }) => network);
  create: Networks['create'] = (request) => createNetwork(this.#context, request);
  remove: Networks['remove'] = (ref) => removeNetwork(this.#context, ref);
  prune: Networks['prune'] = (wanted) => pruneNetworks(this.#context, wanted);
  repair: Networks['repair'] = () => repair(this.#context);

  endpoints: Networks['endpoints'] = async (id) =>
    [...this.#context.members.values()].flatMap(({ containerId, containerName, endpoints }) =>
      endpoints
        .filter(({ networkId }) => networkId === id)
        .map((endpoint) => ({ containerId, containerName, endpoint })),
    );

  join: Networks['join'] = async (request) => join(this.#context, request);
  release: Networks['release'] = (id) => release(this.#context, id);
  publish: Networks['publish'] = (id) => publishMember(this.#context, memberOf(this.#context, id));
  connect: Networks['connect'] = async (id, wish) => connect(this.#context, id, wish);
  plug: Networks['plug'] = (id, network, inside) => plug(this.#context, id, network, inside);
  disconnect: Networks['disconnect'] = (id, network, inside) =>
    disconnect(this.#context, id, network, inside);
  republish: Networks['republish'] = (id, add, remove) => republish(this.#context, id, add, remove);
  allow: Networks['allow'] = (from, passages) =>
    this.#context.firewall.allow(from, openPassages(this.#context, passages));
  recover: Networks['recover'] = (running) => recover(this.#context, running);

  rename: Networks['rename'] = (id, containerName) => {
    const member = this.#context.members.get(id);
    if (!member) return null;
    const renamed = { ...member, containerName };
    const endpoints = member.endpoints.map((endpoint) =>
      endpoint.dnsNames.length > 0
        ? { ...endpoint, dnsNames: dnsNames(renamed, endpoint.request) }
        : endpoint,
    );
    const after = { ...renamed, endpoints };
    this.#context.members.set(id, after);
    return after;
  };

  resolver: Networks['resolver'] = async (hostNetwork) => resolverFor(hostNetwork);

  servesNames: Networks['servesNames'] = (endpoints) =>
    endpoints.some(({ networkId }) => {
      const driver = this.#context.drivers.get(networkId);
      return driver !== undefined && hasNames(driver.network);
    });

  /** "" without a default bridge. */
  hostGateway(): string {
    const drivers = [...this.#context.drivers.values()];
    const bridge = drivers.find(({ network }) => network.name === 'bridge');
    return bridge instanceof BridgeDriver ? bridge.gateway(4) : '';
  }
}
