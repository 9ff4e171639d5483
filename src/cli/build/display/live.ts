/** A build on a terminal, redrawn in place. */
import { LiveRegion } from '../../terminal/live-region.ts';
import { writeAll } from '../../terminal/output.ts';
import { type Size, terminalSize } from '../../terminal/tty.ts';
import { type FrameLine, finalFrame, liveFrame, type Style } from './frame.ts';
import type { BuildState } from './state.ts';
import { resultLines } from './text.ts';
import type { BuildView, Finished } from './view.ts';

/** Milliseconds between two drawings. */
const frame = 100;

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

const codes: Record<Style, string> = { plain: '', done: '\x1b[34m', failed: '\x1b[31m', faint: '\x1b[2m' };

export class LiveView implements BuildView {
  readonly #region: LiveRegion;
  readonly #timer: Timer;
  readonly #colours = !process.env.NO_COLOR;
  readonly #leave = () => writeAll(this.fd, showCursor);
  #state: BuildState | null = null;

  constructor(private readonly fd: 1 | 2) {
    this.#region = new LiveRegion(fd);
    this.#timer = setInterval(() => this.#draw(), frame);
    writeAll(fd, hideCursor);
    process.on('exit', this.#leave);
  }

  changed(state: BuildState): void {
    this.#state = state;
  }

  finish(state: BuildState, result: Finished | null): void {
    clearInterval(this.#timer);
    const { columns } = this.#size();
    const lines = finalFrame(state, columns, Date.now());
    const names = result === null ? [] : resultLines(result).map((line) => ` => ${line}`);
    this.#region.settle([...lines.map((line) => this.#painted(line)), ...names], columns);
    this.#state = null;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    process.off('exit', this.#leave);
    this.#leave();
  }

  #draw(): void {
    if (this.#state === null) return;
    const size = this.#size();
    const lines = liveFrame(this.#state, size, Date.now());
    this.#region.draw(
      lines.map((line) => this.#painted(line)),
      size.columns,
    );
  }

  #painted({ text, style }: FrameLine): string {
    const code = this.#colours ? codes[style] : '';
    return code === '' ? text : `${code}${text}\x1b[0m`;
  }

  /** Of now: the window may have changed. */
  #size(): Size {
    const size = terminalSize(this.fd);
    return { rows: size?.rows || 24, columns: size?.columns || 80 };
  }
}
