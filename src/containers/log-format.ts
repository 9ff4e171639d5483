/**
 * json-file log lines, {"log":"…","stream":"stdout","time":"…"}, as what a client gets: Docker's frames, or raw bytes of a
 * tty. Pure; the common line is copied without being parsed, and consecutive ones of a stream share a frame.
 */
import type { LogQuery } from './model.ts';

export type LogView = Pick<LogQuery, 'stdout' | 'stderr' | 'timestamps' | 'details' | 'since' | 'until'> & {
  /** Raw: no frames. */
  tty: boolean;
};

const newline = 10;
const backslash = 92;
const headerSize = 8;
const prefix = Buffer.from('{"log":"');
const longestFrame = 64 * 1024;

interface Entry {
  log: string;
  stream: string;
  time: string;
  attrs?: Record<string, string>;
}

/** A line's time as it is in the file, in Unix seconds, and as Docker shows it, with a blank. */
interface Time {
  text: string;
  seconds: number;
  stamp: Buffer;
}

/** Unix seconds with fraction. */
const secondsOf = (time: string) => {
  const [whole = '', fraction = ''] = time.replace('Z', '').split('.');
  return Date.parse(`${whole}Z`) / 1000 + Number(`0.${fraction || '0'}`);
};

export class LogFormatter {
  #out = Buffer.allocUnsafe(256 * 1024);
  #length = 0;
  /** Where the open frame's header is, and its type; -1 = none. */
  #frameAt = -1;
  #frameType = 0;
  /** Of the last line that was copied; the lines of one read share it. */
  #time: Time = { text: '', seconds: 0, stamp: Buffer.alloc(0) };
  /** A line at or after `until` was seen: nothing later is wanted. */
  finished = false;

  readonly #timed: boolean;

  constructor(readonly view: LogView) {
    this.#timed = view.timestamps || view.since !== 0 || view.until !== 0;
  }

  /** Whole lines (each with its newline). The result is the caller's. */
  format(lines: Buffer): Buffer {
    let nextBackslash = lines.indexOf(backslash);
    for (let start = 0; start < lines.length && !this.finished; ) {
      const found = lines.indexOf(newline, start);
      const end = found < 0 ? lines.length : found;
      while (nextBackslash >= 0 && nextBackslash < start) nextBackslash = lines.indexOf(backslash, start);
      this.#line(lines, start, end, nextBackslash);
      start = end + 1;
    }
    this.#closeFrame();
    const result = Buffer.from(this.#out.subarray(0, this.#length));
    this.#length = 0;
    return result;
  }

  #line(lines: Buffer, start: number, end: number, firstBackslash: number): void {
    if (this.view.details || !this.#copyPlain(lines, start, end, firstBackslash))
      this.#parsed(lines, start, end);
  }

  /** The line has no escape but perhaps a `\n` at its end: its text is in the file as it is. */
  #copyPlain(lines: Buffer, start: number, end: number, firstBackslash: number): boolean {
    const textAt = start + prefix.length;
    if (lines[start + 2] !== 0x6c || lines[start + 7] !== 0x22) return false;
    const escaped = firstBackslash >= 0 && firstBackslash < end;
    const quote = escaped ? firstBackslash + 2 : lines.indexOf(0x22, textAt);
    if (quote < 0 || quote >= end || lines[quote] !== 0x22) return false;
    if (escaped && lines[firstBackslash + 1] !== 0x6e) return false;
    // `","stream":"stdout"`: the letter that differs is the 16th.
    const letter = lines[quote + 15];
    if (lines[quote + 1] !== 0x2c || lines[quote + 3] !== 0x73) return false;
    const type = letter === 0x65 ? 2 : letter === 0x6f ? 1 : 0;
    if (type === 0) return false;
    if (this.#timed) {
      if (!this.#readTime(lines, quote + 19, end)) return false;
      if (this.#isOutside(this.#time.seconds)) return true;
    }
    if (type === 1 ? !this.view.stdout : !this.view.stderr) return true;
    const textEnd = escaped ? firstBackslash : quote;
    if (this.view.timestamps) this.#putStamp(type);
    const at = this.#room(type, textEnd - textAt + 1);
    lines.copy(this.#out, at, textAt, textEnd);
    this.#length = at + textEnd - textAt;
    if (escaped) this.#out[this.#length++] = newline;
    return true;
  }

  /** A line with a time is a message of its own, as Docker sends it. */
  #putStamp(type: number): void {
    const { stamp } = this.#time;
    this.#closeFrame();
    const at = this.#room(type, stamp.length);
    stamp.copy(this.#out, at);
    this.#length = at + stamp.length;
  }

  /** `,"time":"…"}` from `at` to `end`; false when something else is there (attrs). */
  #readTime(lines: Buffer, at: number, end: number): boolean {
    if (lines[at + 2] !== 0x74 || lines[at + 8] !== 0x22 || lines[end - 2] !== 0x22) return false;
    const text = lines.toString('latin1', at + 9, end - 2);
    if (text !== this.#time.text)
      this.#time = { text, seconds: secondsOf(text), stamp: Buffer.from(`${nanoseconds(text)} `) };
    return true;
  }

  #isOutside(seconds: number): boolean {
    const { since, until } = this.view;
    if (until !== 0 && seconds > until) this.finished = true;
    return this.finished || (since !== 0 && seconds < since);
  }

  #parsed(lines: Buffer, start: number, end: number): void {
    const entry = parseEntry(lines.toString('utf8', start, end));
    if (entry === null) return;
    const { view } = this;
    const stderr = entry.stream === 'stderr';
    if ((view.since !== 0 || view.until !== 0) && this.#isOutside(secondsOf(entry.time))) return;
    if (stderr ? !view.stderr : !view.stdout) return;
    const details = view.details ? `${detailsOf(entry.attrs)} ` : '';
    const text = Buffer.from((view.timestamps ? `${nanoseconds(entry.time)} ` : '') + details + entry.log);
    if (view.timestamps || view.details) this.#closeFrame();
    const at = this.#room(stderr ? 2 : 1, text.length);
    text.copy(this.#out, at);
    this.#length = at + text.length;
  }

  /** Makes room for `size` bytes in a frame of that type; returns where they go. */
  #room(type: number, size: number): number {
    const full = this.#frameAt >= 0 && this.#length - this.#frameAt + size > longestFrame;
    if (type !== this.#frameType || full) this.#closeFrame();
    const needed = this.#length + headerSize + size;
    if (needed > this.#out.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#out.length * 2));
      this.#out.copy(grown, 0, 0, this.#length);
      this.#out = grown;
    }
    if (!this.view.tty && this.#frameAt < 0) {
      this.#frameAt = this.#length;
      this.#frameType = type;
      this.#length += headerSize;
    }
    return this.#length;
  }

  #closeFrame(): void {
    if (this.#frameAt >= 0) {
      this.#out.writeUInt32BE(this.#frameType << 24, this.#frameAt);
      this.#out.writeUInt32BE(this.#length - this.#frameAt - headerSize, this.#frameAt + 4);
    }
    this.#frameAt = -1;
    this.#frameType = 0;
  }
}

/** null for a line that a crash cut short. */
function parseEntry(line: string): Entry | null {
  try {
    const value = JSON.parse(line) as Partial<Entry> | null;
    if (typeof value?.log !== 'string') return null;
    return { log: value.log, stream: value.stream ?? 'stdout', time: value.time ?? '', attrs: value.attrs };
  } catch {
    return null;
  }
}

/** Docker shows nine digits. */
function nanoseconds(time: string): string {
  const [whole = '', fraction = ''] = time.replace('Z', '').split('.');
  return `${whole}.${fraction.padEnd(9, '0')}Z`;
}

function detailsOf(attrs: Record<string, string> | undefined): string {
  return Object.entries(attrs ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join(',');
}
