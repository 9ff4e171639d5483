/** A queue of byte chunks between a socket's callbacks and a reader that pulls, with a say in when the socket may go on. */

const highWater = 1 << 20;

export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  /** `onPressure(true)` asks the producer to pause, `onPressure(false)` to go on. */
  constructor(private readonly onPressure: (full: boolean) => void) {}

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > highWater) this.onPressure(true);
    this.#notify();
  }

  end(error: Error | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#notify();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The next chunk, or null at the end. Throws the error the stream ended with. */
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        const before = this.#size;
        this.#size -= chunk.length;
        if (before > highWater && this.#size <= highWater) this.onPressure(false);
        return chunk;
      }
      if (this.#error) throw this.#error;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Puts bytes back at the front: what a reader took too much of. */
  unread(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.unshift(chunk);
    this.#size += chunk.length;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
