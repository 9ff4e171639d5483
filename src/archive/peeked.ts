/** A stream whose first bytes can be looked at before it is read. */
export class Peeked {
  readonly #source: AsyncIterator<Uint8Array>;
  #ahead = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The first `size` bytes, fewer when there are no more. */
  async head(size: number): Promise<Buffer> {
    while (this.#ahead.length < size) {
      const { value, done } = await this.#source.next();
      if (done === true) break;
      this.#ahead = Buffer.concat([this.#ahead, value]);
    }
    return this.#ahead.subarray(0, size);
  }

  /** All of it, from the beginning. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      if (this.#ahead.length > 0) yield this.#ahead;
      for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next())
        yield next.value;
    } finally {
      await this.#source.return?.();
    }
  }
}
