/** `POST /build`: Docker's classic builder. */
import type { Builds } from '../../build/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { Log, Operational } from '../../lib/op.ts';
import { bodyStream } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { booleanParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { droppingUnread } from '../http/slow-client.ts';
import { sendProgress } from '../http/stream.ts';
import { parseBuildQuery, removalOf } from '../translate/build-query.ts';
import { ClassicStream } from '../translate/classic-stream.ts';
import { HeldOutput } from '../translate/held-output.ts';

type Building = Pick<Builds, 'build'>;

/** Characters of a quiet build's output, which is shown only when it fails. */
const quietLimit = 4 << 20;

export function buildRoutes(builds: Building, log: Log): Route[] {
  /** By the id that the client gave. */
  const running = new Map<string, AbortController>();
  return [
    route('POST', '/build', (exchange) =>
      sendProgress(exchange, log, async (op) => {
        const id = textParameter(exchange.query, 'buildid');
        const cancel = new AbortController();
        if (id !== '') running.set(id, cancel);
        try {
          await build(builds, exchange, { ...op, signal: AbortSignal.any([op.signal, cancel.signal]) });
        } finally {
          if (running.get(id) === cancel) running.delete(id);
        }
      }),
    ),
    route('POST', '/build/cancel', (exchange) => {
      const id = textParameter(exchange.query, 'id');
      if (id === '') throw invalid('build ID not provided');
      running.get(id)?.abort();
      exchange.empty(200);
    }),
  ];
}

async function build(builds: Building, exchange: Exchange, op: Operational): Promise<void> {
  const { query, response } = exchange;
  const request = parseBuildQuery(query, exchange.header('x-registry-config'), bodyStream(exchange));
  const quiet = booleanParameter(query, 'q');
  const held = new HeldOutput({ left: quietLimit });
  const stream = new ClassicStream(quiet ? (line) => held.push(line) : op.progress, removalOf(query));
  const report = droppingUnread(
    (event) => stream.report(event),
    () => response.writableLength,
  );
  try {
    const result = await builds.build(request, report, op);
    if (quiet) op.progress({ kind: 'text', text: `${result.id}\n` });
    else stream.finish(result);
  } catch (error) {
    stream.fail();
    for (const line of held.drain()) op.progress(line);
    throw error;
  }
}
