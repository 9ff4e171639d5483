/** Lines at the end of the output that are drawn anew in place (ECMA-48: CUU, EL, ED). */
import { writeAll } from './output.ts';

export class LiveRegion {
  #drawn: readonly string[] = [];

  constructor(private readonly fd: 1 | 2) {}

  /** The lines must fit the terminal: none may wrap, and all with the cursor's own line be on the screen. */
  draw(lines: readonly string[]): void {
    if (lines.length === this.#drawn.length && lines.every((line, index) => line === this.#drawn[index]))
      return;
    const erased = lines.map((line) => `${line}\x1b[K\n`).join('');
    writeAll(this.fd, `${this.#home()}${erased}\x1b[J`);
    this.#drawn = lines;
  }

  /** Lines that stay, any number, in place of those that were drawn. */
  settle(lines: readonly string[]): void {
    writeAll(this.fd, `${this.#home()}\x1b[J${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawn = [];
  }

  /** To the first column of the first line. */
  #home(): string {
    return this.#drawn.length === 0 ? '' : `\x1b[${this.#drawn.length}A\r`;
  }
}
