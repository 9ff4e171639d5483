/** Networks, and who is on them. */
import type { Containers } from '../../containers/service.ts';
import { notFound } from '../../lib/errors.ts';
import type { Network, Networks } from '../../networks/model.ts';
import { readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseFilters } from '../http/filters.ts';
import { strictBooleanParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { networkJson } from '../translate/network.ts';
import { parseConnect, parseDisconnect, parseNetworkCreate } from '../translate/network-create.ts';
import {
  networkFilterKeys,
  networkPruneKeys,
  prunable,
  selectNetworks,
} from '../translate/network-filter.ts';
import type { NetworkCreateResponse, NetworkRepairReport, NetworksPruneReport } from '../types/networks.ts';

type Reading = Pick<Networks, 'get' | 'list' | 'endpoints'>;
type Needed = Reading & Pick<Networks, 'create' | 'remove' | 'prune' | 'repair'>;
type Attaching = Pick<Containers, 'connect' | 'disconnect'>;

export function networkRoutes(networks: Needed, containers: Attaching): Route[] {
  return [...readingRoutes(networks), ...changingRoutes(networks), ...attachingRoutes(containers)];
}

function readingRoutes(networks: Reading): Route[] {
  const list = (exchange: Exchange) => sendList(exchange, networks);
  return [
    route('GET', '/networks', list),
    route('GET', '/networks/', list),
    route('GET', '/networks/{id*}', async (exchange) => {
      const ref = exchange.parameter('id');
      // More is told of the services of a swarm only.
      strictBooleanParameter(exchange.query, 'verbose');
      const scope = textParameter(exchange.query, 'scope');
      const network = await networks.get(ref);
      if (scope !== '' && scope !== network.scope) throw notFound(`network ${ref} not found`);
      exchange.json(200, networkJson(network, exchange.version, await networks.endpoints(network.id)));
    }),
  ];
}

async function sendList(exchange: Exchange, networks: Reading): Promise<void> {
  const { query, version } = exchange;
  const filters = parseFilters(query.get('filters'), networkFilterKeys);
  const all = await networks.list();
  const used = filters.has('dangling') ? await usedNetworks(networks, all) : new Set();
  const selected = selectNetworks(all, filters, ({ id }) => used.has(id));
  // Before 1.28 the list told who is on each.
  const rows = selected.map(async (network) =>
    networkJson(network, version, version < 28 ? await networks.endpoints(network.id) : null),
  );
  exchange.json(200, await Promise.all(rows));
}

async function usedNetworks(networks: Reading, all: readonly Network[]): Promise<Set<string>> {
  const members = await Promise.all(
    all.map(async ({ id }) => ({ id, count: (await networks.endpoints(id)).length })),
  );
  return new Set(members.filter(({ count }) => count > 0).map(({ id }) => id));
}

function changingRoutes(networks: Needed): Route[] {
  return [
    route('POST', '/networks/create', async (exchange) => {
      const request = parseNetworkCreate(await readJson(exchange), exchange.version);
      const { id, warning } = await networks.create(request);
      exchange.json(201, { Id: id, Warning: warning } satisfies NetworkCreateResponse);
    }),
    route('POST', '/networks/prune', async (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), networkPruneKeys);
      const removed = await networks.prune(prunable(filters, Date.now()));
      exchange.json(200, {
        NetworksDeleted: removed.length > 0 ? removed : null,
      } satisfies NetworksPruneReport);
    }),
    // gantry's own.
    route('POST', '/networks/repair', async (exchange) =>
      exchange.json(200, { Repaired: await networks.repair() } satisfies NetworkRepairReport),
    ),
    route('DELETE', '/networks/{id*}', async (exchange) => {
      await networks.remove(exchange.parameter('id'));
      exchange.empty(204);
    }),
  ];
}

function attachingRoutes(containers: Attaching): Route[] {
  return [
    route('POST', '/networks/{id*}/connect', async (exchange) => {
      const network = exchange.parameter('id');
      const { container, request } = parseConnect(await readJson(exchange), network, exchange.version);
      await containers.connect(container, network, request);
      exchange.empty(200);
    }),
    route('POST', '/networks/{id*}/disconnect', async (exchange) => {
      const { container, force } = parseDisconnect(await readJson(exchange));
      await containers.disconnect(container, exchange.parameter('id'), force);
      exchange.empty(200);
    }),
  ];
}
