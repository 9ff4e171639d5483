/** Progress as lines that are never taken back, each with the number of its step. */
import type { BuildState, Change, ShownStep, Transfer } from './state.ts';
import { lineTime, resultLines, seconds, transferText } from './text.ts';
import type { BuildView, Finished } from './view.ts';

/** Milliseconds between two lines about the same bytes that move. */
const moveInterval = 5000;

export class PlainView implements BuildView {
  /** When each transfer was last told of, by step and subject. */
  readonly #told = new Map<string, { at: number; status: string }>();

  constructor(private readonly write: (text: string) => void) {}

  changed(_state: BuildState, change: Change): void {
    switch (change.kind) {
      case 'began':
        this.write(`#${change.step.number} ${change.step.title}\n`);
        return;
      case 'printed':
        this.#print(change.step, change.lines);
        return;
      case 'moved':
        this.#moved(change.step, change.subject, change.transfer);
        return;
      case 'ended':
        this.#print(change.step, change.lines);
        this.write(`#${change.step.number} ${ending(change.step)}\n\n`);
    }
  }

  finish({ steps }: BuildState, result: Finished | null): void {
    if (result === null) return;
    const number = steps.length + 1;
    this.write(
      [`#${number} image`, ...resultLines(result).map((line) => `#${number} ${line}`), ''].join('\n'),
    );
  }

  [Symbol.dispose](): void {}

  #print({ number }: ShownStep, lines: readonly { at: number; text: string }[]): void {
    this.write(lines.map(({ at, text }) => `#${number} ${lineTime(at)} ${text}\n`).join(''));
  }

  /** A new status, the end of the bytes, and now and then how far they are. */
  #moved({ number }: ShownStep, subject: string, transfer: Transfer): void {
    const key = `${number} ${subject}`;
    const told = this.#told.get(key);
    const complete = transfer.total !== null && transfer.current === transfer.total;
    const due = told === undefined || transfer.changed - told.at >= moveInterval;
    if (told?.status === transfer.status && !due && !complete) return;
    this.#told.set(key, { at: transfer.changed, status: transfer.status });
    this.write(`#${number} ${transferText(subject, transfer)}\n`);
  }
}

function ending({ status, began }: ShownStep): string {
  if (status.kind === 'cached') return 'CACHED';
  if (status.kind === 'failed') return `ERROR: ${status.error}`;
  return `DONE ${seconds(status.kind === 'done' ? status.ended - began : 0)}`;
}
