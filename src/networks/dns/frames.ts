/** The border with shims as bytes: `names` in src/shim/protocol.ts says what they mean, native/protocol.h has the same numbers. */
import { internal } from '../../lib/errors.ts';
import type { Keep, Transport } from './model.ts';

/** Of a DNS message, in bytes. */
export const queryMax = 1232;
export const answerMax = 65000;
export const keptMax = 512;

export const transportCodes: Record<Transport, number> = { udp: 0, tcp: 1 };
export const keepCodes: Record<Keep, number> = { not: 0, same: 1, question: 2 };

/** "Forget what you kept." */
export const forgetFrame = Buffer.from([0, 0]);

/** Cuts a byte stream into frames (u16 length, content), wherever its chunks are split. */
export class FrameReader {
  #rest = Buffer.alloc(0);

  /** The contents of the frames that are whole now. Throws when one is longer than any that a shim sends. */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const found: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= 2) {
      const size = bytes.readUInt16BE(at);
      if (size > queryMax + 1) throw internal(`names: a frame of ${size} bytes`);
      if (bytes.length - at - 2 < size) break;
      found.push(bytes.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return found;
  }
}

/** null: not one of the transports that there are. */
export function queryOf(frame: Buffer): { transport: Transport; message: Buffer } | null {
  const transport = frame[0] === transportCodes.udp ? 'udp' : frame[0] === transportCodes.tcp ? 'tcp' : null;
  return transport && { transport, message: frame.subarray(1) };
}

export function answerFrame(message: Buffer, keep: Keep): Buffer {
  const frame = Buffer.allocUnsafe(3 + message.length);
  frame.writeUInt16BE(1 + message.length, 0);
  frame.writeUInt8(keepCodes[message.length > keptMax ? 'not' : keep], 2);
  frame.set(message, 3);
  return frame;
}
