/** What happens to a container between create and remove. */

import type { Containers } from '../../containers/service.ts';
import { invalid } from '../../lib/errors.ts';
import { readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseFilters } from '../http/filters.ts';
import { booleanParameter, integerParameter, sizeParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { parseUpdate } from '../translate/update.ts';
import type { ContainersPruneReport, ContainerUpdateResponse } from '../types/containers.ts';

type Lifecycle = Pick<
  Containers,
  | 'start'
  | 'stop'
  | 'restart'
  | 'kill'
  | 'pause'
  | 'unpause'
  | 'rename'
  | 'remove'
  | 'update'
  | 'resize'
  | 'prune'
>;

/** Since 1.42 stop and restart may name the signal. */
function stopOptions(exchange: Exchange): { signal: string; timeout: number | null } {
  return {
    signal: exchange.version >= 42 ? textParameter(exchange.query, 'signal') : '',
    timeout: integerParameter(exchange.query, 't'),
  };
}

function refuseStartBody(exchange: Exchange): void {
  const length = exchange.header('content-length');
  if (Number(length) > 7 || (length === '' && exchange.header('transfer-encoding') !== ''))
    throw invalid(
      'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
    );
}

/** The actions that answer 204 and nothing else. */
function actions(containers: Lifecycle): Record<string, (exchange: Exchange, ref: string) => Promise<void>> {
  return {
    start: (exchange, ref) => {
      refuseStartBody(exchange);
      return containers.start(ref, { detachKeys: textParameter(exchange.query, 'detachKeys') });
    },
    stop: (exchange, ref) => containers.stop(ref, stopOptions(exchange)),
    restart: (exchange, ref) => containers.restart(ref, stopOptions(exchange)),
    kill: (exchange, ref) => containers.kill(ref, textParameter(exchange.query, 'signal') || 'SIGKILL'),
    pause: (_exchange, ref) => containers.pause(ref),
    unpause: (_exchange, ref) => containers.unpause(ref),
    rename: (exchange, ref) =>
      containers.rename(ref, textParameter(exchange.query, 'name').replace(/^\//, '')),
  };
}

export function lifecycleRoutes(containers: Lifecycle): Route[] {
  return [
    ...Object.entries(actions(containers)).map(([name, act]) =>
      route('POST', `/containers/{id}/${name}`, async (exchange) => {
        await act(exchange, exchange.parameter('id'));
        exchange.empty(204);
      }),
    ),
    route('POST', '/containers/{id}/resize', async (exchange) => {
      const rows = sizeParameter(exchange.query, 'h');
      await containers.resize(exchange.parameter('id'), rows, sizeParameter(exchange.query, 'w'));
      exchange.empty(200);
    }),
    route('POST', '/containers/{id}/update', async (exchange) => {
      const changes = parseUpdate(await readJson(exchange));
      const { warnings } = await containers.update(exchange.parameter('id'), changes);
      exchange.json(200, { Warnings: warnings } satisfies ContainerUpdateResponse);
    }),
    route('DELETE', '/containers/{id}', async (exchange) => {
      const { query } = exchange;
      await containers.remove(exchange.parameter('id'), {
        force: booleanParameter(query, 'force'),
        volumes: booleanParameter(query, 'v'),
        link: booleanParameter(query, 'link'),
      });
      exchange.empty(204);
    }),
    route('POST', '/containers/prune', async (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), ['label', 'label!', 'until']);
      const { removed, space } = await containers.prune(filters);
      exchange.json(200, {
        ContainersDeleted: removed.length > 0 ? removed : null,
        SpaceReclaimed: space,
      } satisfies ContainersPruneReport);
    }),
  ];
}
