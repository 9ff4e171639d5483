/**
 * macvlan and ipvlan: containers directly on a link of the host, its parent. They are neighbours of the host's neighbours;
 * the host itself does not reach them by that link.
 */
import { invalid } from '../../lib/errors.ts';
import type { Family } from '../../lib/ip.ts';
import { runOperations } from '../../linux/native.ts';
import type { Operation } from '../../linux/operations.ts';
import { linkExists } from '../../linux/routes.ts';
import {
  addressedEndpoint,
  type Driver,
  eachAddress,
  type LinkSetup,
  type Place,
  type Pools,
} from '../driver.ts';
import { defaultRoute, enter, insideOperations, sideOf } from '../endpoint.ts';
import { dummyName } from '../link-name.ts';
import type { Endpoint, Network } from '../model.ts';
import { interfacePrefix, mtuOption, type ParentOptions, parentOptions } from '../options.ts';
import { poolsOf } from '../pools-of.ts';

export class ParentDriver implements Driver {
  readonly network: Network;
  readonly onLink: boolean;
  readonly #options: ParentOptions;
  readonly #pools: Pools;

  constructor(network: Network, kind: 'macvlan' | 'ipvlan') {
    this.network = network;
    this.#options = parentOptions(kind, network.options);
    this.#pools = poolsOf(network);
    // Between the routing modes and their parent there is no neighbour to ask for a way.
    this.onLink = this.#options.op === 'ipvlan' && this.#options.mode !== 'l2';
  }

  /** `eth0.10` is VLAN 10 of eth0, made when it is not there; without a parent the containers are among themselves. */
  async open(): Promise<boolean> {
    const { link } = this.network;
    if (linkExists(link)) return false;
    await runOperations([
      makeParent(this.network),
      { op: 'link', side: 'host', name: link, up: true, mtu: 0, rename: '' },
    ]);
    return true;
  }

  /** The service asks only for parents that were made here. */
  async remove(): Promise<void> {
    const { link } = this.network;
    if (linkExists(link)) await runOperations([{ op: 'link-delete', side: 'host', name: link }]);
  }

  rules(): null {
    return null;
  }

  ways({ ipAddress, ipv6Address, gateway, ipv6Gateway }: Endpoint): readonly Family[] {
    if (this.network.internal) return [];
    const leads = (address: string, by: string) => address !== '' && (by !== '' || this.onLink);
    return [
      ...(leads(ipAddress, gateway) ? [4 as const] : []),
      ...(leads(ipv6Address, ipv6Gateway) ? [6 as const] : []),
    ];
  }

  reserve(place: Place): Endpoint {
    const name = `${interfacePrefix(this.network.options)}${place.index}`;
    const endpoint = addressedEndpoint(this.network, place, this.#pools, name);
    // An ipvlan has the hardware address of its parent.
    const own = this.#options.op === 'ipvlan' ? { ...endpoint, macAddress: '' } : endpoint;
    return this.network.internal || this.onLink ? { ...own, gateway: '', ipv6Gateway: '' } : own;
  }

  adopt(endpoint: Endpoint): void {
    eachAddress(endpoint, this.#pools, (pool, address) => pool.adopt(address));
  }

  free(endpoint: Endpoint): void {
    eachAddress(endpoint, this.#pools, (pool, address) => pool.release(address));
  }

  link(endpoint: Endpoint, { inside, defaultRoutes }: LinkSetup): Operation[] {
    const side = sideOf(inside);
    return [
      this.#make(endpoint, inside),
      ...enter(inside),
      ...insideOperations(endpoint, side),
      ...defaultRoutes.map((family) => defaultRoute(endpoint, side, family, this.onLink)),
    ];
  }

  #make(endpoint: Endpoint, inside: LinkSetup['inside']): Operation {
    const { parent: _parent, ...kind } = this.#options;
    const { interfaceName: name, macAddress: mac } = endpoint;
    const mtu = mtuOption(this.network.options);
    const common = { side: 'host', name, parent: this.network.link, mtu, ...inside } as const;
    return kind.op === 'macvlan' ? { ...kind, ...common, mac } : { ...kind, ...common };
  }

  unlink({ interfaceName: name }: Endpoint, inside: LinkSetup['inside']): Operation[] {
    return [...enter(inside), { op: 'link-delete', side: 'host', name, optional: true }];
  }
}

/** Throws when the parent can only be somebody else's link. */
function makeParent(network: Network): Operation {
  const { link, id } = network;
  if (link === dummyName(id)) return { op: 'dummy', side: 'host', name: link };
  const [, parent = '', vlan = ''] = /^(.+)\.(\d{1,4})$/.exec(link) ?? [];
  if (!linkExists(parent) || Number(vlan) < 1 || Number(vlan) > 4094)
    throw invalid(`-o parent: there is no link ${link} on this host`);
  return { op: 'vlan', side: 'host', name: link, parent, id: Number(vlan) };
}
