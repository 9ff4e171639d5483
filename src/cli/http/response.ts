/** HTTP/1.1 (RFC 9112) as a client reads it: a head, then a body framed by length, by chunks or by the end of the connection. */
import type { ByteQueue } from './bytes.ts';

const maxHead = 64 << 10;
const decoder = new TextDecoder();

export interface Head {
  status: number;
  headers: ReadonlyMap<string, string>;
}

/** Reads lines and exact byte counts from a queue. */
class Reader {
  constructor(private readonly queue: ByteQueue) {}

  /** Everything up to and including `mark`. */
  async until(mark: string): Promise<string> {
    let held: Uint8Array = new Uint8Array(0);
    for (;;) {
      const at = indexOf(held, mark);
      if (at >= 0) {
        const end = at + mark.length;
        this.queue.unread(held.subarray(end));
        return decoder.decode(held.subarray(0, end));
      }
      if (held.length > maxHead) throw new Error('malformed HTTP response: header is too long');
      const chunk = await this.queue.read();
      if (!chunk) throw new ClosedEarly(held.length > 0);
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    }
  }

  /** Up to `limit` bytes; null at the end of the connection. */
  async some(limit: number): Promise<Uint8Array | null> {
    const chunk = await this.queue.read();
    if (!chunk || chunk.length <= limit) return chunk;
    this.queue.unread(chunk.subarray(limit));
    return chunk.subarray(0, limit);
  }
}

/** The peer closed before the message was complete. */
export class ClosedEarly extends Error {
  constructor(readonly started: boolean) {
    super('unexpected EOF');
  }
}

function indexOf(bytes: Uint8Array, mark: string): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(mark);
}

/** Reads a response head; 1xx heads other than 101 are skipped. */
export async function readHead(queue: ByteQueue): Promise<Head> {
  const reader = new Reader(queue);
  for (;;) {
    const text = await reader.until('\r\n\r\n');
    const lines = text.split('\r\n');
    const match = /^HTTP\/1\.[01] (\d{3})/.exec(lines[0] ?? '');
    if (!match) throw new Error(`malformed HTTP response "${(lines[0] ?? '').slice(0, 64)}"`);
    const status = Number(match[1]);
    const headers = new Map<string, string>();
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    if (status >= 200 || status === 101) return { status, headers };
  }
}

/** The body's bytes. The generator returns when the body is complete; the connection may then carry another request. */
export async function* readBody(queue: ByteQueue, head: Head, method: string): AsyncGenerator<Uint8Array> {
  const reader = new Reader(queue);
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return;
  if (head.headers.get('transfer-encoding')?.toLowerCase().includes('chunked')) return yield* chunked(reader);
  const length = head.headers.get('content-length');
  if (length !== undefined) return yield* exactly(reader, Number(length));
  for (let chunk = await queue.read(); chunk; chunk = await queue.read()) yield chunk;
}

async function* exactly(reader: Reader, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  while (left > 0) {
    const chunk = await reader.some(left);
    if (!chunk) throw new ClosedEarly(true);
    left -= chunk.length;
    yield chunk;
  }
}

async function* chunked(reader: Reader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const line = await reader.until('\r\n');
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) throw new Error('malformed chunked encoding');
    if (size === 0) break;
    yield* exactly(reader, size);
    await reader.until('\r\n');
  }
  // Trailer fields, ended by an empty line.
  while ((await reader.until('\r\n')) !== '\r\n');
}

/** True when the peer lets the connection carry another request after this response. */
export function keepsAlive(head: Head): boolean {
  const framed =
    head.headers.has('content-length') ||
    head.headers.has('transfer-encoding') ||
    head.status === 204 ||
    head.status === 304;
  return framed && head.headers.get('connection')?.toLowerCase() !== 'close';
}
