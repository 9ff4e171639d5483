/** Output that has to wait, in bounded memory. */
import type { Progress } from '../../lib/op.ts';

/** Characters that may still be held, by all who share it. */
export interface Budget {
  left: number;
}

const costOf = (line: Progress): number => (line.kind === 'text' ? line.text.length : 64);

/**
 * Lines in the order in which they came. When the budget is used up the oldest of them go, and it is told how much: the end of a log
 * says more than its beginning, and BuildKit too drops what a step prints beyond its limit.
 */
export class HeldOutput {
  #lines: Progress[] = [];
  #first = 0;
  #dropped = 0;

  constructor(private readonly budget: Budget) {}

  push(line: Progress): void {
    const cost = costOf(line);
    this.#lines.push(line);
    this.budget.left -= cost;
    while (this.budget.left < 0 && this.#first < this.#lines.length) this.#drop();
    if (this.#first > 1024 && this.#first * 2 > this.#lines.length) this.#compact();
  }

  /** Hands everything over; nothing is held afterwards. */
  drain(): Progress[] {
    const kept = this.#lines.slice(this.#first);
    for (const line of kept) this.budget.left += costOf(line);
    const note: Progress[] =
      this.#dropped === 0
        ? []
        : [{ kind: 'text', text: `[${this.#dropped} characters of output left out here]\n` }];
    this.#lines = [];
    this.#first = 0;
    this.#dropped = 0;
    return [...note, ...kept];
  }

  #drop(): void {
    const line = this.#lines[this.#first++];
    if (line === undefined) return;
    this.budget.left += costOf(line);
    if (line.kind === 'text') this.#dropped += line.text.length;
  }

  #compact(): void {
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }
}
