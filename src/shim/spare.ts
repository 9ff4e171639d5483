/** One shim is kept waiting, already sealed: a start is 3 ms shorter. */
import type { Operation } from '../linux/operations.ts';
import { type RunningShim, SpareShim } from './launch.ts';
import type { Launch } from './protocol.ts';

/** Milliseconds after a launch in which the next shim is not yet made: the container's start (and short life) goes first. */
const pause = 20;

export class Shims implements Disposable {
  #spare: SpareShim | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  /** Resolves when the shim's socket accepts connections, rejects when it could not come that far. */
  launch(launch: Launch, operations: readonly Operation[]): Promise<RunningShim> {
    const shim = this.#spare ?? new SpareShim();
    this.#spare = null;
    this.prepare();
    return shim.launch(launch, operations);
  }

  /** Soon there is a spare one. */
  prepare(): void {
    if (this.#timer !== null || this.#closed) return;
    this.#timer = setTimeout(() => this.#make(), pause);
    this.#timer.unref();
  }

  #make(): void {
    this.#timer = null;
    if (this.#spare !== null) return;
    const spare = new SpareShim();
    this.#spare = spare;
    void spare.gone.then(() => {
      if (this.#spare === spare) this.#spare = null;
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#spare?.dismiss();
    this.#spare = null;
  }
}
