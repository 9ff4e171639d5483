import { ExitError } from '../exit.ts';

const noBytes = new Uint8Array(0);

/** Exact numbers of bytes from a stream of chunks. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = noBytes;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const { value, done } = await this.#source.next();
      if (done === true) return false;
      this.#chunk = value;
    }
    return true;
  }

  /** Between 1 and `most` bytes. */
  async some(most: number): Promise<Uint8Array> {
    if (!(await this.#more())) throw new ExitError('unexpected EOF');
    const taken = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken;
  }

  /** null at a clean end. */
  async exactly(size: number): Promise<Buffer | null> {
    if (size > 0 && !(await this.#more())) return null;
    // Most often it is all there.
    if (size > 0 && this.#chunk.length >= size) return Buffer.from(await this.some(size));
    const parts: Uint8Array[] = [];
    for (let left = size; left > 0; ) {
      const part = await this.some(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0; ) left -= (await this.some(left)).length;
  }

  async drain(): Promise<void> {
    while (await this.#more()) this.#chunk = noBytes;
  }
}
