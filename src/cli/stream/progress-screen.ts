/** Progress on a terminal: a row for each layer, redrawn in place while it moves. */
import type { ProgressLine } from '../../api/types/common.ts';
import { LiveRegion } from '../terminal/live-region.ts';
import { writeAll } from '../terminal/output.ts';
import { type Size, terminalSize } from '../terminal/tty.ts';
import type { ProgressView } from './progress.ts';
import { liveLines, rowLine } from './progress-lines.ts';
import { Transfers } from './transfers.ts';

/** Milliseconds between two drawings. */
const frame = 100;

export class ProgressScreen implements ProgressView {
  readonly #region: LiveRegion;
  readonly #timer: Timer;
  #transfers = new Transfers();

  constructor(private readonly fd: 1 | 2) {
    this.#region = new LiveRegion(fd);
    this.#timer = setInterval(() => this.#draw(), frame);
  }

  status(line: ProgressLine): void {
    const { id = '', status = '', progressDetail } = line;
    const counts = (progressDetail?.current ?? 0) > 0 || (progressDetail?.total ?? 0) > 0;
    const heading = status.startsWith('Pulling from ');
    if (heading || (id === '' && !counts)) this.text(`${id === '' ? '' : `${id}: `}${status}\n`);
    else this.#transfers.apply(line);
  }

  /** Goes below the rows so far. What follows begins new ones, as each tag of `pull -a` does. */
  text(text: string): void {
    this.#settle();
    writeAll(this.fd, text);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#settle();
  }

  #draw(): void {
    if (this.#transfers.empty) return;
    const now = performance.now();
    this.#region.draw(liveLines(this.#transfers.rows(now), this.#transfers.totals(now), this.#size()));
  }

  #settle(): void {
    if (this.#transfers.empty) return;
    const width = this.#size().columns - 1;
    this.#region.settle(this.#transfers.rows(performance.now()).map((row) => rowLine(row, width)));
    this.#transfers = new Transfers();
  }

  /** Of now: the window may have changed. */
  #size(): Size {
    const size = terminalSize(this.fd);
    return { rows: size?.rows || 24, columns: size?.columns || 80 };
  }
}
