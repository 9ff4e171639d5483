/** Docker's multiplexed frames: `[type, 0, 0, 0, length (4, big endian)]` and the payload. */

export const stdout = 1;
export const stderr = 2;

export function frame(type: typeof stdout | typeof stderr, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(8 + payload.length);
  bytes.writeUInt32BE(type << 24, 0);
  bytes.writeUInt32BE(payload.length, 4);
  bytes.set(payload, 8);
  return bytes;
}

/** Takes the frames off a stream that arrives in arbitrary pieces; payloads come out as they arrive, never gathered. */
export class Demultiplexer {
  #header = Buffer.alloc(8);
  #filled = 0;
  #left = 0;

  *push(chunk: Uint8Array): Generator<{ type: number; payload: Uint8Array }> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const taken = Math.min(8 - this.#filled, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + taken), this.#filled);
        this.#filled += taken;
        at += taken;
        if (this.#filled < 8) return;
        this.#filled = 0;
        this.#left = this.#header.readUInt32BE(4);
        continue;
      }
      const payload = chunk.subarray(at, at + this.#left);
      at += payload.length;
      this.#left -= payload.length;
      yield { type: this.#header[0] ?? stdout, payload };
    }
  }
}
