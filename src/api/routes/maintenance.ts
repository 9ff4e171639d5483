/** gantry's own: looking after the data root. */
import type { System } from '../../engine/model.ts';
import type { Log } from '../../lib/op.ts';
import { booleanParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { sendProgress } from '../http/stream.ts';

type Needed = Pick<System, 'fsck' | 'onDisk'>;

export function maintenanceRoutes(system: Needed, log: Log): Route[] {
  return [
    route('GET', '/gantry/df', async (exchange) => exchange.json(200, await system.onDisk())),
    // Progress as with load; each finding comes as `aux`.
    route('POST', '/gantry/fsck', (exchange) =>
      sendProgress(exchange, log, async (op) => {
        await system.fsck({ repair: booleanParameter(exchange.query, 'repair') }, op);
      }),
    ),
  ];
}
