/** docker logs: reads the shim's json-file log, from the end backwards for --tail, and on with inotify for --follow. */
import { type FSWatcher, watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { invalid, unsupported } from '../lib/errors.ts';
import type { Context } from './context.ts';
import { logLimits } from './log-config.ts';
import { openLogFiles, tailPosition } from './log-files.ts';
import { LogFormatter } from './log-format.ts';
import type { LogQuery } from './model.ts';
import { isAlive } from './state.ts';

const readSize = 512 * 1024;
/** A longer line is damage: it is dropped. */
const longestLine = 8 * 1024 * 1024;
const newline = 10;

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
  const path = container.files.log;
  const files = await openLogFiles(path, logLimits(logConfig).maxFiles);
  const from = query.tail < 0 ? { index: 0, offset: 0 } : await tailPosition(files, query.tail);
  const follow = query.follow && isAlive(container.state);
  const end = new AbortController();
  if (follow) {
    void context.activities
      .of(container.id)
      .nextExit()
      .then(() => end.abort());
    if (query.until > 0) {
      const timer = setTimeout(() => end.abort(), Math.min(query.until * 1000 - Date.now(), 2 ** 31 - 1));
      end.signal.addEventListener('abort', () => clearTimeout(timer));
    }
  }
  const reader = new LogReader(path, files, from, follow ? end.signal : null, signal);
  const formatter = new LogFormatter({ ...query, tty });
  const chunks = formatted(reader, formatter);
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        end.abort();
        reader.stop();
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return { tty, stream };
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

/** Yields whole lines, of all files, in order. */
class LogReader {
  #carry: Buffer = Buffer.alloc(0);
  #stopped = false;
  #wake: (() => void) | null = null;

  /** `ended`: follows until then; null: reads what there is. */
  constructor(
    readonly path: string,
    readonly files: FileHandle[],
    readonly from: { index: number; offset: number },
    readonly ended: AbortSignal | null,
    readonly client: AbortSignal,
  ) {
    const wake = () => this.#wake?.();
    ended?.addEventListener('abort', wake);
    client.addEventListener('abort', () => this.stop());
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async *lines(): AsyncGenerator<Buffer, undefined, undefined> {
    // Watching begins before the first read: what is written in between is seen.
    const watcher = this.ended === null ? null : this.#watch();
    try {
      for (const [index, file] of this.files.entries()) {
        if (index < this.from.index) continue;
        const offset = index === this.from.index ? this.from.offset : 0;
        const isLast = index === this.files.length - 1;
        if (isLast && this.ended !== null) yield* this.#follow(file, offset, this.ended);
        else yield* this.#readToEnd(file, offset);
      }
      if (this.files.length === 0 && this.ended !== null) yield* this.#follow(null, 0, this.ended);
    } finally {
      watcher?.close();
      await Promise.all(this.files.map((file) => file.close()));
    }
  }

  #watch(): FSWatcher {
    const name = basename(this.path);
    return watch(dirname(this.path), (_, changed) => {
      if (changed === name) this.#wake?.();
    });
  }

  /** Returns the offset behind what was read. */
  async *#readToEnd(file: FileHandle, from: number): AsyncGenerator<Buffer, number, undefined> {
    let offset = from;
    while (!this.#stopped) {
      const block = Buffer.allocUnsafe(readSize);
      const { bytesRead } = await file.read(block, 0, readSize, offset);
      if (bytesRead === 0) break;
      offset += bytesRead;
      const whole = this.#cut(block.subarray(0, bytesRead));
      if (whole.length > 0) yield whole;
    }
    return offset;
  }

  /** Whole lines of what was carried over and this; the rest is carried on. */
  #cut(block: Buffer): Buffer {
    const end = block.lastIndexOf(newline) + 1;
    if (end === 0) {
      this.#carry =
        this.#carry.length + block.length > longestLine
          ? Buffer.alloc(0)
          : Buffer.concat([this.#carry, block]);
      return Buffer.alloc(0);
    }
    const head = block.subarray(0, end);
    const whole = this.#carry.length === 0 ? head : Buffer.concat([this.#carry, head]);
    this.#carry = Buffer.from(block.subarray(end));
    return whole;
  }

  async *#follow(first: FileHandle | null, from: number, ended: AbortSignal) {
    let file = first;
    let offset = from;
    for (;;) {
      // Armed before the read: a change after the read wakes, a change before it is read.
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const last = ended.aborted;
      if (file !== null) offset = yield* this.#readToEnd(file, offset);
      if (this.#stopped) return;
      const next = await this.#rotated(file);
      if (next !== null) {
        // What was written between our last read and the rotation.
        if (file !== null) yield* this.#readToEnd(file, offset);
        this.files.push(next);
        file = next;
        offset = 0;
        continue;
      }
      if (last) return;
      if (!ended.aborted) await changed;
    }
  }

  /** The file that now has the log's name, when it is another than `file`. */
  async #rotated(file: FileHandle | null): Promise<FileHandle | null> {
    const now = await stat(this.path).catch(() => null);
    if (now === null || (file !== null && (await file.stat()).ino === now.ino)) return null;
    return open(this.path, 'r').catch(() => null);
  }
}
