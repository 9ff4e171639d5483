/** docker logs: reads the shim's json-file log, from the end backwards for --tail, and on with inotify for --follow. */
import { invalid, unsupported } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { Context } from './context.ts';
import { logLimits } from './log-config.ts';
import { LogFormatter } from './log-format.ts';
import { LogReader } from './log-reader.ts';
import type { LogQuery } from './model.ts';
import { isAlive } from './state.ts';

export async function logs(
  context: Context,
  ref: string,
  query: LogQuery,
  signal: AbortSignal,
): Promise<{ tty: boolean; stream: ReadableStream<Uint8Array> }> {
  const container = context.store.find(ref);
  const { tty } = container.config;
  if (!query.stdout && !query.stderr) throw invalid('Bad parameters: you must choose at least one stream');
  const { logConfig } = container.hostConfig;
  if (logConfig.type === 'none') throw unsupported('configured logging driver does not support reading');
  const follower = query.follow && isAlive(container.state) ? untilExit(context, container.id, query) : null;
  const reader = new LogReader(
    { path: container.files.log, maxFiles: logLimits(logConfig).maxFiles, tail: query.tail },
    follower?.signal ?? null,
    signal,
  );
  const chunks = formatted(reader, new LogFormatter({ ...query, tty }));
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        reader.stop();
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return { tty, stream };
}

/** Aborts when the container's run ends, or at the query's `until`. */
function untilExit(context: Context, id: ContainerId, { until }: LogQuery): AbortController {
  const end = new AbortController();
  const { exitWaiters } = context.activities.of(id);
  const exited = () => end.abort();
  exitWaiters.add(exited);
  if (until > 0) {
    const timer = setTimeout(exited, Math.min(Math.max(until * 1000 - Date.now(), 0), 2 ** 31 - 1));
    end.signal.addEventListener('abort', () => clearTimeout(timer));
  }
  end.signal.addEventListener('abort', () => exitWaiters.delete(exited));
  return end;
}

async function* formatted(
  reader: LogReader,
  formatter: LogFormatter,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  for await (const lines of reader.lines()) {
    const bytes = formatter.format(lines);
    if (bytes.length > 0) yield bytes;
    if (formatter.finished) break;
  }
}
