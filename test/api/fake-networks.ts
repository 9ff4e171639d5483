/** Networks in memory: records and who is on them, without links. */
import { conflict, forbidden, notFound } from '../../src/lib/errors.ts';
import { type ContainerId, newNetworkId, parseNetworkId } from '../../src/lib/ids.ts';
import type { Endpoint, EndpointRequest, Network, Networks } from '../../src/networks/model.ts';

type Offered = Pick<Networks, 'create' | 'remove' | 'prune' | 'repair' | 'get' | 'list' | 'endpoints'>;

const bridge: Network = {
  id: parseNetworkId('12'.repeat(32)),
  name: 'bridge',
  driver: 'bridge',
  scope: 'local',
  created: 1_700_000_000_000,
  internal: false,
  attachable: false,
  enableIpv4: true,
  enableIpv6: false,
  configOnly: false,
  configFrom: '',
  ipam: {
    driver: 'default',
    options: {},
    config: [{ subnet: '172.17.0.0/16', gateway: '172.17.0.1', ipRange: '', auxiliary: {} }],
  },
  options: { 'com.docker.network.bridge.name': 'docker0' },
  labels: {},
  link: 'docker0',
};

interface Member {
  containerId: ContainerId;
  containerName: string;
  endpoint: Endpoint;
}

export class FakeNetworks implements Offered {
  readonly #all: Network[] = [bridge];
  readonly #members = new Map<string, Member[]>();
  /** What `repair` finds to mend, once. */
  broken: string[] = [];

  async create(request: Parameters<Networks['create']>[0]) {
    if (request.name === 'bridge')
      throw forbidden(`operation is not permitted on predefined ${request.name} network `);
    if (this.#all.some(({ name }) => name === request.name))
      throw conflict(`network with name ${request.name} already exists`);
    const id = newNetworkId();
    this.#all.push({ ...request, id, driver: 'bridge', scope: 'local', created: Date.now(), link: '' });
    return { id, warning: '' };
  }

  async get(ref: string): Promise<Network> {
    const found = this.#all.find(({ name, id }) => name === ref || id.startsWith(ref));
    if (!found) throw notFound(`network ${ref} not found`);
    return found;
  }

  async list(): Promise<Network[]> {
    return [...this.#all];
  }

  async remove(ref: string): Promise<void> {
    const network = await this.get(ref);
    if (network === bridge) throw forbidden('bridge is a pre-defined network and cannot be removed');
    if ((await this.endpoints(network.id)).length > 0)
      throw forbidden(
        `error while removing network: network ${network.name} id ${network.id} has active endpoints`,
      );
    this.#all.splice(this.#all.indexOf(network), 1);
  }

  async prune(wanted: (network: Network) => boolean): Promise<string[]> {
    const gone = this.#all.filter((network) => wanted(network) && !this.#members.get(network.id)?.length);
    for (const { id } of gone) await this.remove(id);
    return gone.map(({ name }) => name);
  }

  async repair(): Promise<string[]> {
    return this.broken.splice(0);
  }

  async endpoints(id: Network['id']): Promise<Member[]> {
    return this.#members.get(id) ?? [];
  }

  /** What a container's connect does; gives its place there. */
  async join(ref: string, containerId: ContainerId, containerName: string, request: EndpointRequest) {
    const network = await this.get(ref);
    const members = await this.endpoints(network.id);
    const endpoint = endpointOn(network, request, members.length + 2);
    this.#members.set(network.id, [...members, { containerId, containerName, endpoint }]);
    return endpoint;
  }

  async leave(ref: string, containerId: ContainerId): Promise<void> {
    const { id } = await this.get(ref);
    this.#members.set(
      id,
      (this.#members.get(id) ?? []).filter((member) => member.containerId !== containerId),
    );
  }
}

function endpointOn(network: Network, request: EndpointRequest, host: number): Endpoint {
  return {
    networkId: network.id,
    networkName: network.name,
    endpointId: 'ef'.repeat(32),
    request,
    interfaceName: 'eth0',
    ipAddress: request.ipv4Address || `172.30.0.${host}`,
    prefixLength: 16,
    gateway: '172.30.0.1',
    ipv6Address: '',
    ipv6PrefixLength: 0,
    ipv6Gateway: '',
    macAddress: request.macAddress || '02:42:ac:1e:00:02',
    dnsNames: [],
  };
}
