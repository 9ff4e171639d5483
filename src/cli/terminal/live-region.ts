/** Lines at the end of the output that are drawn anew in place (ECMA-48: CUU, EL, ED). */
import { writeAll } from './output.ts';

export class LiveRegion {
  #drawn: readonly string[] = [];
  /** Of the terminal when they were drawn; 0 = nobody said. */
  #columns = 0;

  constructor(private readonly fd: 1 | 2) {}

  /**
   * The lines must fit the terminal: none may wrap, and all with the cursor's own line be on the screen. `columns`: its width,
   * for a window that becomes narrower meanwhile.
   */
  draw(lines: readonly string[], columns = 0): void {
    const same =
      lines.length === this.#drawn.length && lines.every((line, index) => line === this.#drawn[index]);
    if (same && columns === this.#columns) return;
    const erased = lines.map((line) => `${line}\x1b[K\n`).join('');
    writeAll(this.fd, `${this.#home(columns)}${erased}\x1b[J`);
    this.#drawn = lines;
    this.#columns = columns;
  }

  /** Lines that stay, any number, in place of those that were drawn. */
  settle(lines: readonly string[], columns = this.#columns): void {
    writeAll(this.fd, `${this.#home(columns)}\x1b[J${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawn = [];
  }

  /** To the first column of the first line. Terminals wrap what has become too long for them. */
  #home(columns: number): string {
    const rowsOf = (line: string) => Math.max(1, Math.ceil(Bun.stringWidth(line) / columns));
    const rows =
      columns > 0 && columns < this.#columns
        ? this.#drawn.reduce((sum, line) => sum + rowsOf(line), 0)
        : this.#drawn.length;
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  }
}
