/** `GET /events`. */

import type { System } from '../../engine/model.ts';
import { invalid } from '../../lib/errors.ts';
import { parseFilters } from '../http/filters.ts';
import { timeParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { begin, drained, sendText } from '../http/stream.ts';
import { eventContentType, eventFilterKeys, eventLine } from '../translate/event.ts';

/** `listeners` counts who listens at the moment, for `docker info`. */
export function eventRoutes(system: Pick<System, 'events'>, listeners: { count: number }): Route[] {
  return [
    route('GET', '/events', async (exchange) => {
      const { query, version, response, signal } = exchange;
      const since = timeParameter(query, 'since');
      const until = timeParameter(query, 'until');
      if (since !== null && until !== null && since > until)
        throw invalid(
          `\`since\` time (${query.get('since')}) cannot be after \`until\` time (${query.get('until')})`,
        );
      const filters = parseFilters(query.get('filters'), eventFilterKeys);
      const contentType = eventContentType(exchange.header('accept'), version);
      const mark = contentType === 'application/json-seq' ? '\x1e' : '';
      begin(exchange, contentType);
      listeners.count++;
      try {
        for await (const event of system.events({ since, until, filters }, signal)) {
          if (!sendText(response, `${mark}${eventLine(event, version)}\n`)) await drained(response);
          if (signal.aborted) break;
        }
      } finally {
        listeners.count--;
      }
      response.end();
    }),
  ];
}
