/** gantry's own: looking after the data root. */
import type { System } from '../../engine/model.ts';
import type { Images } from '../../images/model.ts';
import type { Log } from '../../lib/op.ts';
import { booleanParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { sendProgress } from '../http/stream.ts';

type Looking = Pick<System, 'fsck' | 'gc' | 'onDisk'>;

export function maintenanceRoutes(system: Looking, images: Pick<Images, 'pin'>, log: Log): Route[] {
  const pinning = (action: 'pin' | 'unpin') =>
    route('POST', `/gantry/images/{name*}/${action}`, async (exchange) => {
      await images.pin(exchange.parameter('name'), action === 'pin');
      exchange.empty(204);
    });
  return [
    route('GET', '/gantry/df', async (exchange) => exchange.json(200, await system.onDisk())),
    // Progress as with load; each finding comes as `aux`.
    route('POST', '/gantry/fsck', (exchange) =>
      sendProgress(exchange, log, async (op) => {
        await system.fsck({ repair: booleanParameter(exchange.query, 'repair') }, op);
      }),
    ),
    route('POST', '/gantry/gc', async (exchange) => {
      const { query } = exchange;
      const policy = {
        high: query.get('high') ?? undefined,
        low: query.get('low') ?? undefined,
        'min-age': query.get('min-age') ?? undefined,
        keep: query.getAll('keep'),
      };
      exchange.json(200, await system.gc(policy, { dryRun: booleanParameter(query, 'dry-run') }));
    }),
    pinning('pin'),
    pinning('unpin'),
  ];
}
