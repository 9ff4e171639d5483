/** The engine as a whole: ping, version, info, disk usage. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Builds } from '../../build/model.ts';
import type { System } from '../../engine/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { Facts } from '../backends.ts';
import type { Exchange } from '../http/exchange.ts';
import { booleanParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import {
  type DiskUsageType,
  diskUsageJson,
  diskUsageTypes,
  legacyDiskUsageJson,
} from '../translate/disk-usage.ts';
import { infoJson } from '../translate/info.ts';
import { versionJson } from '../translate/version.ts';

type Needed = Pick<System, 'info' | 'diskUsage'>;
type Cache = Pick<Builds, 'usage'>;

export function systemRoutes(
  system: Needed,
  builds: Cache,
  facts: Facts,
  listeners: { count: number },
): Route[] {
  return [
    route('HEAD', '/_ping', ping),
    route('GET', '/_ping', ping),
    route('OPTIONS', '/{any*}', (exchange) => exchange.empty(200)),
    route('GET', '/version', async (exchange) => exchange.json(200, versionJson(facts, await system.info()))),
    route('GET', '/info', async (exchange) => {
      const host = {
        ipForwarding: readFlag('/proc/sys/net/ipv4/ip_forward'),
        openFiles: readdirSync('/proc/self/fd').length,
        listeners: listeners.count,
        now: Date.now(),
      };
      exchange.json(200, infoJson(await system.info(), facts, host, exchange.version));
    }),
    route('GET', '/system/df', (exchange) => diskUsage(system, builds, exchange)),
  ];
}

/** What a client asks first. Builder-Version 1: the classic builder, so that docker does not ask for BuildKit. */
function ping(exchange: Exchange): void {
  const { response } = exchange;
  response.setHeader('Builder-Version', '1');
  response.setHeader('Swarm', 'inactive');
  response.setHeader('Cache-Control', 'no-cache, no-store, must-revalidate');
  response.setHeader('Pragma', 'no-cache');
  const head = exchange.request.method === 'HEAD';
  if (head) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 0 });
    response.end();
  } else exchange.send(200, 'text/plain; charset=utf-8', 'OK');
}

function readFlag(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

const isType = (text: string): text is DiskUsageType => (diskUsageTypes as readonly string[]).includes(text);

async function diskUsage(system: Needed, builds: Cache, exchange: Exchange): Promise<void> {
  const { query, version } = exchange;
  const types = version >= 42 ? query.getAll('type') : [];
  const unknown = types.find((type) => !isType(type));
  if (unknown !== undefined) throw invalid(`unknown object type: ${unknown}`);
  const wants = (type: DiskUsageType) => types.length === 0 || types.includes(type);
  const cache = wants('build-cache') ? await builds.usage() : [];
  const usage = { ...(await system.diskUsage()), cache };
  const now = Date.now();
  if (version < 52) return exchange.json(200, legacyDiskUsageJson(usage, version, now, wants));
  const verbose = booleanParameter(query, 'verbose');
  exchange.json(200, diskUsageJson(usage, version, now, wants, verbose));
}
