/** Reads a rotated log file by file, tails it, and follows it with inotify. */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { closeLogs, type LogFile, openLogFiles, readAt, tailPosition } from './log-files.ts';

const readSize = 512 * 1024;
/** A longer line is damage: it is dropped. */
const longestLine = 8 * 1024 * 1024;
const newline = 10;

export interface LogSource {
  path: string;
  maxFiles: number;
  /** -1 = all. */
  tail: number;
}

/** Yields whole lines, of all files, in order. Nothing is open before the first is asked for, nor after the last. */
export class LogReader {
  #carry: Buffer = Buffer.alloc(0);
  #stopped = false;
  #wake: (() => void) | null = null;
  readonly #source: LogSource;
  readonly #ended: AbortSignal | null;

  /** `ended`: follows until then; null: reads what there is. */
  constructor(source: LogSource, ended: AbortSignal | null, client: AbortSignal) {
    this.#source = source;
    this.#ended = ended;
    ended?.addEventListener('abort', () => this.#wake?.());
    client.addEventListener('abort', () => this.stop());
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async *lines(): AsyncGenerator<Buffer, undefined, undefined> {
    const { path, maxFiles, tail } = this.#source;
    // Watching begins before the first read: what is written in between is seen.
    const watcher = this.#ended === null ? null : this.#watch(path);
    const waiting: LogFile[] = [];
    try {
      waiting.push(...(await openLogFiles(path, maxFiles)));
      const from = tail < 0 ? { index: 0, offset: 0 } : await tailPosition(waiting, tail);
      await closeLogs(waiting.splice(0, from.index));
      let { offset } = from;
      for (let file = waiting[0]; file !== undefined && !this.#stopped; file = waiting[0]) {
        if (waiting.length === 1 && this.#ended !== null) {
          offset = yield* this.#follow(file, offset, this.#ended);
          waiting.push(...(await this.#newerThan(file)));
        }
        // What was written between the last read and a rotation, or all of an older file.
        yield* this.#readToEnd(file, offset);
        await closeLogs(waiting.splice(0, 1));
        offset = 0;
      }
    } finally {
      watcher?.close();
      await closeLogs(waiting);
    }
  }

  #watch(path: string): FSWatcher {
    const name = basename(path);
    return watch(dirname(path), (_, changed) => {
      if (changed === name) this.#wake?.();
    });
  }

  /** Returns the offset behind what was read. */
  async *#readToEnd(file: LogFile, from: number): AsyncGenerator<Buffer, number, undefined> {
    let offset = from;
    while (!this.#stopped) {
      const block = Buffer.allocUnsafe(readSize);
      const bytesRead = await readAt(file, block, readSize, offset);
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
      const tooLong = this.#carry.length + block.length > longestLine;
      this.#carry = tooLong ? Buffer.alloc(0) : Buffer.concat([this.#carry, block]);
      return Buffer.alloc(0);
    }
    const head = block.subarray(0, end);
    const whole = this.#carry.length === 0 ? head : Buffer.concat([this.#carry, head]);
    this.#carry = Buffer.from(block.subarray(end));
    return whole;
  }

  /** Reads on until the log has rotated, the container has ended or the client is gone; returns the offset behind it. */
  async *#follow(file: LogFile, from: number, ended: AbortSignal): AsyncGenerator<Buffer, number, undefined> {
    let offset = from;
    for (;;) {
      // Armed before the read: a change after the read wakes, a change before it is read.
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const last = ended.aborted;
      offset = yield* this.#readToEnd(file, offset);
      if (last || this.#stopped || (await this.#isRotated(file))) return offset;
      if (!ended.aborted) await changed;
    }
  }

  async #isRotated({ inode }: LogFile): Promise<boolean> {
    const now = await stat(this.#source.path).catch(() => null);
    return now !== null && now.ino !== inode;
  }

  async #newerThan(file: LogFile): Promise<LogFile[]> {
    if (this.#stopped) return [];
    const all = await openLogFiles(this.#source.path, this.#source.maxFiles);
    const known = all.findIndex(({ inode }) => inode === file.inode);
    await closeLogs(all.splice(0, known + 1));
    return all;
  }
}
