/** A bridge of the host with NAT: Docker's default network, and most of the user's own. */
import { type Family, formatAddress } from '../../lib/ip.ts';
import { runOperations } from '../../linux/native.ts';
import type { Operation } from '../../linux/operations.ts';
import { linkExists } from '../../linux/routes.ts';
import { type BridgeLink, ensureBridge } from '../bridge-link.ts';
import {
  addressedEndpoint,
  type Driver,
  eachAddress,
  type LinkSetup,
  type Place,
  type Pools,
} from '../driver.ts';
import { defaultRoute, enter, insideOperations, sideOf } from '../endpoint.ts';
import type { FamilyRules, NetworkRules } from '../firewall/network-rules.ts';
import { vethName } from '../link-name.ts';
import type { Endpoint, Network } from '../model.ts';
import { type BridgeOptions, bridgeOptions, interfacePrefix, mtuOption } from '../options.ts';
import { poolsOf } from '../pools-of.ts';

const families: readonly Family[] = [4, 6];

export interface BridgeParts {
  /** For networks that name none. */
  defaultMtu: number;
  /** Frames between two ports pass the firewall (br_netfilter); otherwise the bridge itself has to keep them apart. */
  filtered: () => boolean;
  /** gantry made the link. */
  ours: () => boolean;
}

export class BridgeDriver implements Driver {
  readonly network: Network;
  readonly onLink = false;
  readonly #options: BridgeOptions;
  readonly #pools: Pools;
  readonly #mtu: number;
  readonly #filtered: () => boolean;
  readonly #ours: () => boolean;

  constructor(network: Network, parts: BridgeParts) {
    this.network = network;
    this.#options = bridgeOptions(network.options);
    this.#pools = poolsOf(network);
    this.#mtu = mtuOption(network.options) || parts.defaultMtu;
    this.#filtered = parts.filtered;
    this.#ours = parts.ours;
  }

  /** The host's address on it, "" = none. */
  gateway(family: Family): string {
    const address = this.#pools[family]?.gateway;
    return address ? formatAddress(address) : '';
  }

  open(): Promise<boolean> {
    const cidr = (family: Family, absent: boolean) =>
      absent || this.gateway(family) === '' ? '' : `${this.gateway(family)}/${this.#pools[family]?.prefix}`;
    const isolated = (family: Family) => this.#options.gatewayMode[family] === 'isolated';
    const link: BridgeLink = {
      name: this.network.link,
      ipv4: cidr(4, isolated(4) || this.#options.inhibitIpv4),
      ipv6: cidr(6, isolated(6)),
      mtu: this.#mtu,
      ours: this.#ours(),
    };
    return ensureBridge(link);
  }

  async remove(): Promise<void> {
    const { link } = this.network;
    if (linkExists(link)) await runOperations([{ op: 'link-delete', side: 'host', name: link }]);
  }

  rules(): NetworkRules {
    const { network } = this;
    return {
      link: network.link,
      internal: network.internal,
      icc: this.#options.icc,
      families: Object.fromEntries(
        families.flatMap((family) => {
          const rules = this.#familyRules(family);
          return rules ? [[family, rules]] : [];
        }),
      ),
    };
  }

  #familyRules(family: Family): FamilyRules | null {
    const pool = this.#pools[family];
    if (!pool) return null;
    const mode = this.#options.gatewayMode[family];
    const address = this.#options.sourceAddress[family];
    const translated = this.#options.masquerade && (mode === 'nat' || mode === 'nat-unprotected');
    return {
      subnet: `${formatAddress({ family, value: pool.subnet.base })}/${pool.prefix}`,
      mode: mode === 'routed' ? 'routed' : mode === 'nat-unprotected' ? 'unprotected' : 'nat',
      masquerade: translated ? (address === '' ? 'link' : { address }) : null,
    };
  }

  ways(endpoint: Endpoint): readonly Family[] {
    if (this.network.internal) return [];
    return families.filter(
      (family) =>
        (family === 4 ? endpoint.ipAddress : endpoint.ipv6Address) !== '' &&
        this.#options.gatewayMode[family] !== 'isolated',
    );
  }

  reserve(place: Place): Endpoint {
    const own = place.request.driverOptions['com.docker.network.endpoint.ifname'];
    const name = own || `${interfacePrefix(this.network.options)}${place.index}`;
    const endpoint = addressedEndpoint(this.network, place, this.#pools, name);
    // Nobody is behind the gateway's address then.
    return this.network.internal ? { ...endpoint, gateway: '', ipv6Gateway: '' } : endpoint;
  }

  adopt(endpoint: Endpoint): void {
    eachAddress(endpoint, this.#pools, (pool, address) => pool.adopt(address));
  }

  free(endpoint: Endpoint): void {
    eachAddress(endpoint, this.#pools, (pool, address) => pool.release(address));
  }

  /** The pair's inner end is created directly in the container's namespace: moving it there would cost 11 to 33 ms. */
  link(endpoint: Endpoint, { inside, defaultRoutes, hairpin }: LinkSetup): Operation[] {
    const side = sideOf(inside);
    return [
      {
        op: 'veth',
        side: 'host',
        name: vethName(endpoint.endpointId),
        peer: endpoint.interfaceName,
        peerMac: endpoint.macAddress,
        bridge: this.network.link,
        mtu: this.#mtu,
        hairpin,
        isolated: !this.#options.icc && !this.#filtered(),
        pid: inside.pid,
        startTime: inside.startTime,
      },
      ...enter(inside),
      ...insideOperations(endpoint, side),
      ...defaultRoutes.map((family) => defaultRoute(endpoint, side, family, this.onLink)),
    ];
  }

  unlink({ endpointId }: Endpoint): Operation[] {
    return [{ op: 'link-delete', side: 'host', name: vethName(endpointId), optional: true }];
  }
}
