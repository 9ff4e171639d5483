/** How many bytes `cp` has moved, on a terminal: one line that is drawn anew, and at the end what it came to. */
import { shortSize } from '../format/units.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeErr } from '../terminal/output.ts';

/** Milliseconds. */
const interval = 75;

const save = '\x1b[s';
const restore = '\x1b[u\x1b[2K';
const hide = '\x1b[?25l';
const show = '\x1b[?25h';

export class CopyProgress implements Disposable {
  #moved = 0;
  #shown = -1;
  readonly #timer: ReturnType<typeof setInterval> | null;

  constructor(private readonly title: string) {
    if (!isTerminal(2)) {
      this.#timer = null;
      return;
    }
    writeErr(`${save}${hide}`);
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), interval);
  }

  /** The same chunks, counted. */
  async *count(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#moved += chunk.length;
      yield chunk;
    }
  }

  #draw(): void {
    if (this.#moved === this.#shown) return;
    this.#shown = this.#moved;
    writeErr(`${restore}${this.title}${shortSize(this.#moved)}`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    writeErr(`${show}${restore}`);
  }

  get total(): string {
    return shortSize(this.#moved);
  }
}
