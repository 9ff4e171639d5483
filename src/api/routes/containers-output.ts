/** What a container said and uses: logs and stats. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, StatsSample } from '../../containers/model.ts';
import type { Containers } from '../../containers/service.ts';
import { invalid, isKind } from '../../lib/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { streamType } from '../http/hijack.ts';
import { booleanParameter, textParameter, timeParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { begin, sendLine, sendStream } from '../http/stream.ts';
import { emptyStatsJson, statsJson } from '../translate/stats.ts';

type Output = Pick<Containers, 'logs' | 'get' | 'sample'>;

export function outputRoutes(containers: Output): Route[] {
  return [
    route('GET', '/containers/{id}/logs', (exchange) => logs(containers, exchange)),
    route('GET', '/containers/{id}/stats', (exchange) => stats(containers, exchange)),
  ];
}

/** "all", and anything that is no number, is everything. */
function tailOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : -1;
}

async function logs(containers: Output, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const stdout = booleanParameter(query, 'stdout');
  const stderr = booleanParameter(query, 'stderr');
  if (!stdout && !stderr) throw invalid('Bad parameters: you must choose at least one stream');
  const { tty, stream } = await containers.logs(
    exchange.parameter('id'),
    {
      follow: booleanParameter(query, 'follow'),
      stdout,
      stderr,
      since: timeParameter(query, 'since') ?? 0,
      until: timeParameter(query, 'until') ?? 0,
      timestamps: booleanParameter(query, 'timestamps'),
      details: booleanParameter(query, 'details'),
      tail: tailOf(textParameter(query, 'tail')),
    },
    exchange.signal,
  );
  begin(exchange, streamType(tty, exchange.version));
  await sendStream(exchange, stream);
}

const intervalMs = 1000;

async function stats(containers: Output, exchange: Exchange): Promise<void> {
  const { query, signal } = exchange;
  const container = await containers.get(exchange.parameter('id'));
  if (booleanParameter(query, 'stream', true)) {
    begin(exchange, 'application/json');
    for await (const { sample, previous } of samples(containers, container, signal))
      await sendLine(exchange, statsJson(container, sample, previous));
    exchange.response.end();
    return;
  }
  const first = await containers.sample(container.id);
  if (!first) return exchange.json(200, emptyStatsJson(container));
  // With one sample there is nothing to compute a CPU share from; a client that does not mind says one-shot.
  if (booleanParameter(query, 'one-shot')) return exchange.json(200, statsJson(container, first, null));
  await sleep(intervalMs);
  const second = await containers.sample(container.id);
  exchange.json(200, second ? statsJson(container, second, first) : emptyStatsJson(container));
}

/** One sample a second until the client goes or the container is removed; nothing while it does not run. */
async function* samples(
  containers: Output,
  { id }: Container,
  signal: AbortSignal,
): AsyncGenerator<{ sample: StatsSample; previous: StatsSample | null }> {
  let previous: StatsSample | null = null;
  try {
    while (!signal.aborted) {
      const sample = await containers.sample(id);
      if (sample) yield { sample, previous };
      previous = sample;
      await sleep(intervalMs, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted && !isKind(error, 'notFound')) throw error;
  }
}
