import { internal } from '../lib/errors.ts';
import { type FieldType, Writer } from '../linux/encode.ts';
import type { Operation } from '../linux/operations.ts';
import { events, type Launch, launchLayout, requests } from './protocol.ts';

/** What a shim tells. Numbers of time are Unix nanoseconds as decimal strings. */
export type ShimEvent =
  /** startTime: field 22 of /proc/pid/stat. */
  | { type: 'started'; pid: number; startTime: string; startedAt: string }
  /** index into the operations, or `noIndex`. */
  | { type: 'failed'; index: number; errno: number; detail: string }
  /** code: 128 + signal when a signal ended it. */
  | { type: 'exited'; code: number; signal: number; oom: boolean; finishedAt: string }
  | { type: 'oom' }
  | { type: 'exec-exited'; execId: string; code: number }
  | { type: 'warning'; index: number; errno: number; detail: string };

/** The `index` of a failure that no operation is to blame for. */
export const noIndex = 0xffffffff;

const maximumMessage = 64 * 1024;
const text = new TextDecoder();

/** Reads the fields of one message; never past its end. */
class Reader {
  #at = 0;
  readonly #bytes: Buffer;
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  #take(size: number): number {
    const at = this.#at;
    if (size > this.#bytes.length - at) throw internal('shim: a message is shorter than its fields');
    this.#at += size;
    return at;
  }
  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }
  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }
  string(): string {
    const size = this.u32();
    const at = this.#take(size + 1);
    return text.decode(this.#bytes.subarray(at, at + size));
  }
}

function decodeEvent(bytes: Uint8Array): ShimEvent | 'listening' | undefined {
  const reader = new Reader(bytes);
  switch (reader.u8()) {
    case events.listening.code:
      return 'listening';
    case events.started.code:
      return {
        type: 'started',
        pid: reader.u32(),
        startTime: reader.string(),
        startedAt: reader.string(),
      };
    case events.failed.code:
      return { type: 'failed', index: reader.u32(), errno: reader.u32(), detail: reader.string() };
    case events.exited.code:
      return {
        type: 'exited',
        code: reader.u32(),
        signal: reader.u32(),
        oom: reader.u8() !== 0,
        finishedAt: reader.string(),
      };
    case events.oom.code:
      return { type: 'oom' };
    case events.execExited.code:
      return { type: 'exec-exited', execId: reader.string(), code: reader.u32() };
    case events.warning.code:
      return { type: 'warning', index: reader.u32(), errno: reader.u32(), detail: reader.string() };
    default:
      return undefined; // a newer shim than this daemon: events may be added
  }
}

/** Cuts a byte stream into events, wherever its chunks are split. */
export class EventDecoder {
  #rest = Buffer.alloc(0);

  push(chunk: Uint8Array): (ShimEvent | 'listening')[] {
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const found: (ShimEvent | 'listening')[] = [];
    let at = 0;
    while (bytes.length - at >= 4) {
      const size = bytes.readUInt32LE(at);
      if (size === 0 || size > maximumMessage) throw internal(`shim: an event of ${size} bytes`);
      if (bytes.length - at - 4 < size) break;
      const event = decodeEvent(bytes.subarray(at + 4, at + 4 + size));
      if (event !== undefined) found.push(event);
      at += 4 + size;
    }
    this.#rest = bytes.subarray(at);
    return found;
  }
}

function fields(writer: Writer, layout: Record<string, FieldType>, values: object): Writer {
  const record = values as Record<string, unknown>;
  for (const [name, type] of Object.entries(layout)) writer.field(type, record[name]);
  return writer;
}

/** Everything that goes to the shim's stdin. */
export function encodeLaunch(launch: Launch, operations: readonly Operation[]): Buffer {
  const body = fields(new Writer(), launchLayout, launch).operations(operations).finish();
  return new Writer().bytes(body).finish();
}

export type Request =
  | { type: 'watch' }
  | { type: 'attach'; execId: string; flags: number }
  | { type: 'exec'; execId: string; flags: number; operations: readonly Operation[] }
  | { type: 'resize'; execId: string; rows: number; columns: number }
  | { type: 'signal'; execId: string; signal: number }
  | { type: 'names'; namesPath: string };

export function encodeRequest(request: Request): Buffer {
  const { code, fields: layout } = requests[request.type];
  const body = fields(new Writer().u8(code), layout, request);
  if (request.type === 'exec') body.operations(request.operations);
  return new Writer().bytes(body.finish()).finish();
}

/** The flags of attach and exec requests. */
export const flags = { stdin: 1, stdout: 2, stderr: 4, hold: 8, tty: 16 } as const;

/** `<index>:<errno>:<detail>`, the error text of a failed exec. */
export function parseFailure(message: string): { index: number; errno: number; detail: string } | undefined {
  const match = /^(\d+):(\d+):(.*)$/s.exec(message);
  if (!match) return undefined;
  return { index: Number(match[1]), errno: Number(match[2]), detail: match[3] ?? '' };
}
