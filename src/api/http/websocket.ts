/** The server's half of RFC 6455: handshake and frame codec, as much as attach needs. */
import { createHash } from 'node:crypto';
import { invalid } from '../../lib/errors.ts';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Sec-WebSocket-Accept for a client's Sec-WebSocket-Key. */
export function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + guid)
    .digest('base64');
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One unfragmented, unmasked frame. */
export function encodeFrame(opcode: number, payload: Uint8Array): Buffer {
  const long = payload.length > 0xffff ? 8 : payload.length > 125 ? 2 : 0;
  const frame = Buffer.allocUnsafe(2 + long + payload.length);
  frame[0] = 0x80 | opcode;
  frame[1] = long === 8 ? 127 : long === 2 ? 126 : payload.length;
  if (long === 2) frame.writeUInt16BE(payload.length, 2);
  if (long === 8) frame.writeBigUInt64BE(BigInt(payload.length), 2);
  frame.set(payload, 2 + long);
  return frame;
}

export type Message =
  | { kind: 'data'; payload: Uint8Array }
  | { kind: 'ping'; payload: Uint8Array }
  | { kind: 'close' };

type State =
  | { step: 'header' }
  | {
      step: 'payload';
      opcode: number;
      mask: Uint8Array;
      offset: number;
      left: number;
      control: Uint8Array[];
    };

/**
 * Decodes what a client sends in arbitrary pieces. Payload of data frames comes out as it arrives: a frame's length,
 * which the client chooses, never decides how much is kept. Throws invalid on a protocol error.
 */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0);
  #state: State = { step: 'header' };

  *push(chunk: Uint8Array): Generator<Message> {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const before = this.#pending.length;
      const header = this.#state.step === 'header';
      if (header) this.#readHeader();
      else yield* this.#readPayload();
      const waiting = this.#pending.length === before && header === (this.#state.step === 'header');
      if (waiting) return;
    }
  }

  #readHeader(): void {
    const bytes = this.#pending;
    if (bytes.length < 2) return;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    const long = short === 127 ? 8 : short === 126 ? 2 : 0;
    if ((second & 0x80) === 0) throw invalid('websocket: a client must mask its frames');
    if ((first & 0x70) !== 0) throw invalid('websocket: unknown extension');
    if (bytes.length < 6 + long) return;
    const left = long === 8 ? Number(bytes.readBigUInt64BE(2)) : long === 2 ? bytes.readUInt16BE(2) : short;
    const opcode = first & 0x0f;
    if (opcode >= 8 && (left > 125 || (first & 0x80) === 0)) throw invalid('websocket: bad control frame');
    const mask = Uint8Array.from(bytes.subarray(2 + long, 6 + long));
    this.#pending = bytes.subarray(6 + long);
    this.#state = { step: 'payload', opcode, mask, offset: 0, left, control: [] };
  }

  *#readPayload(): Generator<Message> {
    const state = this.#state;
    if (state.step !== 'payload') return;
    const payload = Uint8Array.from(this.#pending.subarray(0, state.left));
    for (let index = 0; index < payload.length; index++)
      payload[index] = (payload[index] ?? 0) ^ (state.mask[(state.offset + index) & 3] ?? 0);
    this.#pending = this.#pending.subarray(payload.length);
    state.offset += payload.length;
    state.left -= payload.length;
    if (state.opcode < 8) {
      if (payload.length > 0) yield { kind: 'data', payload };
    } else state.control.push(payload);
    if (state.left > 0) return;
    this.#state = { step: 'header' };
    if (state.opcode === opcodes.close) yield { kind: 'close' };
    else if (state.opcode === opcodes.ping) yield { kind: 'ping', payload: Buffer.concat(state.control) };
  }
}
