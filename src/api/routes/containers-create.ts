/** Making containers, and showing how one would be made. */
import type { Containers } from '../../containers/service.ts';
import { readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { parseCreate } from '../translate/create.ts';
import type { ContainerCreateResponse } from '../types/containers.ts';

export function createRoutes(containers: Pick<Containers, 'create' | 'explain'>): Route[] {
  const request = async (exchange: Exchange) =>
    parseCreate(await readJson(exchange), {
      name: textParameter(exchange.query, 'name'),
      platform: textParameter(exchange.query, 'platform'),
      version: exchange.version,
    });
  return [
    route('POST', '/containers/create', async (exchange) => {
      const { id, warnings } = await containers.create(await request(exchange));
      exchange.json(201, { Id: id, Warnings: warnings } satisfies ContainerCreateResponse);
    }),
    // gantry's own: the operations that would make the container, as text.
    route('POST', '/gantry/explain', async (exchange) => {
      const text = await containers.explain(await request(exchange));
      exchange.send(200, 'text/plain; charset=utf-8', text.endsWith('\n') ? text : `${text}\n`);
    }),
  ];
}
