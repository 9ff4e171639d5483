/** Networks. What changes them comes with a later version of the noun; until then it is refused. */
import { unsupported } from '../../lib/errors.ts';
import type { EndpointRequest, Network, Networks } from '../../networks/model.ts';
import { readJson } from '../http/body.ts';
import { type Filters, parseFilters } from '../http/filters.ts';
import { type Route, route } from '../http/router.ts';
import { networkFilterKeys, networkJson, selectNetworks } from '../translate/network.ts';
import {
  type NetworkCreate,
  parseConnect,
  parseDisconnect,
  parseNetworkCreate,
} from '../translate/network-create.ts';
import type { NetworkCreateResponse, NetworksPruneReport } from '../types/networks.ts';

type Needed = Pick<Networks, 'get' | 'list' | 'endpoints'> & {
  create?(request: NetworkCreate): Promise<{ id: string; warning: string }>;
  remove?(ref: string): Promise<void>;
  connect?(ref: string, container: string, request: EndpointRequest): Promise<void>;
  disconnect?(ref: string, container: string, force: boolean): Promise<void>;
  prune?(filters: Filters): Promise<{ removed: string[] }>;
};

const missing = (what: string) =>
  unsupported(`network ${what} is not supported yet by this version of gantry`);

export function networkRoutes(networks: Needed): Route[] {
  return [...readingRoutes(networks), ...changingRoutes(networks)];
}

function readingRoutes(networks: Needed): Route[] {
  const list = route('GET', '/networks', async (exchange) => {
    const filters = parseFilters(exchange.query.get('filters'), networkFilterKeys);
    const all = await networks.list();
    const used = filters.has('dangling') ? await usedNetworks(networks, all) : new Set();
    const selected = selectNetworks(all, filters, ({ id }) => used.has(id));
    exchange.json(
      200,
      selected.map((network) => networkJson(network, exchange.version, null)),
    );
  });
  return [
    list,
    route('GET', '/networks/', list.handler),
    route('GET', '/networks/{id}', async (exchange) => {
      const network = await networks.get(exchange.parameter('id'));
      exchange.json(200, networkJson(network, exchange.version, await networks.endpoints(network.id)));
    }),
  ];
}

async function usedNetworks(networks: Needed, all: readonly Network[]): Promise<Set<string>> {
  const members = await Promise.all(
    all.map(async ({ id }) => ({ id, count: (await networks.endpoints(id)).length })),
  );
  return new Set(members.filter(({ count }) => count > 0).map(({ id }) => id));
}

function changingRoutes(networks: Needed): Route[] {
  return [
    route('POST', '/networks/create', async (exchange) => {
      const request = parseNetworkCreate(await readJson(exchange), exchange.version);
      if (!networks.create) throw missing('create');
      const { id, warning } = await networks.create(request);
      exchange.json(201, { Id: id, Warning: warning } satisfies NetworkCreateResponse);
    }),
    route('POST', '/networks/prune', async (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), ['label', 'label!', 'until']);
      // Without a way to make networks there are none to prune.
      const removed = (await networks.prune?.(filters))?.removed ?? [];
      exchange.json(200, {
        NetworksDeleted: removed.length > 0 ? removed : null,
      } satisfies NetworksPruneReport);
    }),
    route('POST', '/networks/{id}/connect', async (exchange) => {
      const { container, request } = parseConnect(await readJson(exchange), exchange.version);
      if (!networks.connect) throw missing('connect');
      await networks.connect(exchange.parameter('id'), container, request);
      exchange.empty(200);
    }),
    route('POST', '/networks/{id}/disconnect', async (exchange) => {
      const { container, force } = parseDisconnect(await readJson(exchange));
      if (!networks.disconnect) throw missing('disconnect');
      await networks.disconnect(exchange.parameter('id'), container, force);
      exchange.empty(200);
    }),
    route('DELETE', '/networks/{id}', async (exchange) => {
      const { id } = await networks.get(exchange.parameter('id'));
      if (!networks.remove) throw missing('rm');
      await networks.remove(id);
      exchange.empty(204);
    }),
  ];
}
