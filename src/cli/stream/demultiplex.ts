/** Docker's multiplexed stream: frames of an 8-byte header (stream, 0, 0, 0, length big endian) and a payload. */

export type Sink = (stream: 'stdout' | 'stderr', data: Uint8Array) => void;

const headerSize = 8;

/** Feed it chunks cut anywhere; payloads are passed on as they come, without waiting for whole frames. */
export class Demultiplexer {
  readonly #header = new Uint8Array(headerSize);
  #have = 0;
  #left = 0;
  #stream = 0;
  #failure: Uint8Array[] = [];

  constructor(private readonly sink: Sink) {}

  /** Throws the daemon's own error when it sends one in the stream. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) at = this.#readHeader(chunk, at);
      if (this.#left === 0) continue;
      const end = Math.min(chunk.length, at + this.#left);
      this.#emit(chunk.subarray(at, end));
      this.#left -= end - at;
      at = end;
    }
  }

  #readHeader(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length && this.#have < headerSize) this.#header[this.#have++] = chunk[at++] ?? 0;
    if (this.#have < headerSize) return at;
    this.#have = 0;
    this.#stream = this.#header[0] ?? 0;
    this.#left = new DataView(this.#header.buffer).getUint32(4);
    if (this.#stream > 3) throw new Error(`unrecognized input header: ${this.#stream}`);
    return at;
  }

  #emit(data: Uint8Array): void {
    if (this.#stream !== 3) {
      this.sink(this.#stream === 2 ? 'stderr' : 'stdout', data);
      return;
    }
    this.#failure.push(data.slice());
    if (data.length === this.#left)
      throw new Error(`error from daemon in stream: ${Buffer.concat(this.#failure).toString()}`);
  }
}
