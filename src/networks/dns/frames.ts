/**
 * What shims and the name server say to each other over a unix socket. The shim: first a frame with the container's id, then a
 * frame for each query: u16 big-endian length of what follows, u8 transport (0 udp, 1 tcp), DNS message. The server: a frame for
 * each answer, u16 big-endian length, DNS message; in any order, the message id tells which it is. (native/shim_names.h)
 */
import { internal } from '../../lib/errors.ts';
import type { Transport } from './model.ts';

/** A peer may not make us keep more than this. */
const longest = 1 + 65_535;

export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(2 + message.length);
  bytes.writeUInt16BE(message.length);
  bytes.set(message, 2);
  return bytes;
}

export interface Query {
  transport: Transport;
  message: Buffer;
}

export class FrameReader {
  #pending = Buffer.alloc(0);
  /** null until the first frame came. */
  containerId: string | null = null;

  /** The queries that are whole now. Throws when it is not a shim that speaks. */
  push(chunk: Uint8Array): Query[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const queries: Query[] = [];
    for (let body = this.#next(); body !== null; body = this.#next()) {
      if (this.containerId === null) this.containerId = body.toString('latin1');
      else queries.push({ transport: body[0] === 1 ? 'tcp' : 'udp', message: body.subarray(1) });
    }
    if (this.#pending.length > longest + 2) throw internal('a frame is too long');
    return queries;
  }

  #next(): Buffer | null {
    if (this.#pending.length < 2) return null;
    const end = 2 + this.#pending.readUInt16BE(0);
    if (this.#pending.length < end) return null;
    const body = Buffer.from(this.#pending.subarray(2, end));
    this.#pending = this.#pending.subarray(end);
    return body;
  }
}
