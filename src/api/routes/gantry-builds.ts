/** Beyond Docker: builds with everything that the classic endpoint cannot say, and the cache. */
import { statfsSync } from 'node:fs';
import type { BuildEvent, Builds } from '../../build/model.ts';
import type { System } from '../../engine/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import { bodyStream, readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { hijack, rawStream } from '../http/hijack.ts';
import { type Route, route } from '../http/router.ts';
import { droppingUnread } from '../http/slow-client.ts';
import { begin, sendText } from '../http/stream.ts';
import { parseBuildBody } from '../translate/build-body.ts';
import { cacheRecordJson, keptBytes, parsePruneQuery } from '../translate/build-cache.ts';
import { buildErrorJson } from '../translate/build-failure.ts';
import { parseContextOffer } from '../translate/context-offer.ts';
import type { BuildLine, BuildPruneReport, ContextOfferResponse } from '../types/builds.ts';
import type { IdResponse } from '../types/common.ts';

/** Bytes: a Dockerfile of 16 MiB, and secrets. */
const bodyLimit = 64 << 20;

/** Bytes: some two million files. */
const offerLimit = 256 << 20;

export function gantryBuildRoutes(builds: Builds, system: Pick<System, 'info'>, log: Log): Route[] {
  const operational = ({ signal }: Exchange) => ({ signal, log, progress: () => {} });
  return [
    route('POST', '/gantry/contexts', async (exchange) =>
      exchange.json(201, {
        Id: await builds.addContext(bodyStream(exchange), operational(exchange)),
      } satisfies IdResponse),
    ),
    route('POST', '/gantry/contexts/offer', async (exchange) => {
      const offered = parseContextOffer(await readJson(exchange, offerLimit));
      const { id, wanted } =
        offered.entries === null
          ? { id: builds.knownContext(offered.name, offered.digest) ?? '', wanted: [] }
          : await builds.offerContext(offered, operational(exchange));
      exchange.json(201, { Id: id, Wanted: wanted } satisfies ContextOfferResponse);
    }),
    route('POST', '/gantry/contexts/{id}/files', async (exchange) => {
      await builds.fillContext(exchange.parameter('id'), bodyStream(exchange), operational(exchange));
      exchange.empty(204);
    }),
    route('POST', '/gantry/agents', async (exchange) => {
      const session = exchange.query.get('session') ?? '';
      if (session === '') throw invalid('an agent is lent to a session');
      builds.lendAgent(session, hijack(exchange, rawStream).socket);
    }),
    route('POST', '/gantry/build', (exchange) => build(builds, exchange, log)),
    route('GET', '/gantry/builds/cache', async (exchange) =>
      exchange.json(200, (await builds.usage()).map(cacheRecordJson)),
    ),
    route('POST', '/build/prune', (exchange) => prune(builds, system, exchange)),
  ];
}

/** The status 200 goes out as soon as the request can be understood; whatever happens then is in the lines. */
async function build(builds: Builds, exchange: Exchange, log: Log): Promise<void> {
  const { response, signal } = exchange;
  const request = parseBuildBody(await readJson(exchange, bodyLimit), exchange.header('x-registry-config'));
  begin(exchange, 'application/x-ndjson');
  const send = (line: BuildLine) => sendText(response, `${JSON.stringify(line)}\n`);
  const report = droppingUnread(
    (event) => send(eventLine(event)),
    () => response.writableLength,
  );
  try {
    const { id, names, caches } = await builds.build(request, report, { signal, log, progress: () => {} });
    send({ time: Date.now(), kind: 'result', image: id, names, caches });
  } catch (error) {
    send({ time: Date.now(), kind: 'error', ...buildErrorJson(error) });
  }
  response.end();
}

function eventLine(event: BuildEvent): BuildLine {
  const time = Date.now();
  if (event.kind !== 'output') return { time, ...event };
  return { time, ...event, bytes: Buffer.from(event.bytes).toString('base64') };
}

async function prune(builds: Builds, system: Pick<System, 'info'>, exchange: Exchange): Promise<void> {
  const asked = parsePruneQuery(exchange.query);
  if (asked.nothing)
    return exchange.json(200, { CachesDeleted: null, SpaceReclaimed: 0 } satisfies BuildPruneReport);
  const { all, filters } = asked;
  const { removed, space } = await builds.prune({ all, filters, keep: keptBytes(asked, await spaceOf()) });
  const report: BuildPruneReport = {
    CachesDeleted: removed.length > 0 ? removed : null,
    SpaceReclaimed: space,
  };
  exchange.json(200, report);

  async function spaceOf() {
    if (asked.most === 0 && asked.leastFree === 0) return { total: 0, free: 0 };
    const records = await builds.usage();
    const { bavail, bsize } = statfsSync((await system.info()).dataRoot);
    return { total: records.reduce((sum, { size }) => sum + size, 0), free: bavail * bsize };
  }
}
