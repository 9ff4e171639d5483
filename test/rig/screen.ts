/** A terminal as far as progress needs one (ECMA-48: CUU, CUD, EL, ED; DEC's private modes do nothing): what a user would see, and what scrolled away. */

export class Screen {
  readonly scrolled: string[] = [];
  /** Lines that were longer than the screen is wide. */
  wrapped = 0;
  #lines: string[];
  #row = 0;
  #column = 0;
  #pending = '';
  readonly #decoder = new TextDecoder();

  constructor(
    private readonly rows: number,
    private readonly columns: number,
  ) {
    this.#lines = new Array<string>(rows).fill('');
  }

  /** Without blank ends. */
  get lines(): string[] {
    const trimmed = this.#lines.map((line) => line.trimEnd());
    return trimmed.slice(0, trimmed.findLastIndex((line) => line !== '') + 1);
  }

  write(bytes: Uint8Array): void {
    this.#pending += this.#decoder.decode(bytes, { stream: true });
    const token = /\x1b\[\??(\d*)(;\d+)*([A-Za-z])|\x1b(?!\[)|[^\x1b]/uy;
    let end = 0;
    for (let match = token.exec(this.#pending); match; match = token.exec(this.#pending)) {
      end = token.lastIndex;
      if (match[3]) this.#control(match[3], match[1] ?? '');
      else this.#put(match[0]);
    }
    this.#pending = this.#pending.slice(end);
  }

  #control(code: string, argument: string): void {
    const count = Number(argument || 1);
    if (code === 'A') this.#row = Math.max(0, this.#row - count);
    else if (code === 'B') this.#row = Math.min(this.rows - 1, this.#row + count);
    else if (code === 'K') this.#replace(argument === '2' ? '' : this.#before());
    else if (code === 'J') {
      this.#replace(this.#before());
      this.#lines.fill('', this.#row + 1);
    }
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#down();
    else if (character >= ' ') {
      if (this.#column === this.columns) {
        this.wrapped += 1;
        this.#column = 0;
        this.#down();
      }
      const after = (this.#lines[this.#row] ?? '').slice(this.#column + 1);
      this.#replace(this.#before().padEnd(this.#column) + character + after);
      this.#column += 1;
    }
  }

  #down(): void {
    if (this.#row < this.rows - 1) this.#row += 1;
    else {
      this.scrolled.push((this.#lines[0] ?? '').trimEnd());
      this.#lines = [...this.#lines.slice(1), ''];
    }
  }

  #before(): string {
    return (this.#lines[this.#row] ?? '').slice(0, this.#column);
  }

  #replace(line: string): void {
    this.#lines[this.#row] = line;
  }
}
