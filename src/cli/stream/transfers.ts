/** The layers of a pull, push, load or import as the daemon's progress lines tell of them. */
import type { ProgressLine } from '../../api/types/common.ts';
import { Meter } from './meter.ts';

export interface Row {
  /** "" for an operation that has one part only. */
  readonly id: string;
  readonly status: string;
  /** What the status has done of what it has to do, in bytes; total 0 = not known. null when it does not count. */
  readonly step: { current: number; total: number } | null;
  /** Bytes per second of a transfer. */
  readonly rate: number | null;
  readonly done: boolean;
}

/** All rows together. */
export interface Totals {
  done: number;
  count: number;
  /** Bytes transferred. */
  moved: number;
  /** Bytes to transfer; null while some layer's size is not known. */
  size: number | null;
  rate: number | null;
}

interface Layer {
  status: string;
  step: Row['step'];
  /** Bytes transferred, and to transfer; unpacking is not a transfer. */
  moved: number;
  size: number;
  meter: Meter;
}

const finished = /^(Pull complete|Already exists|Pushed|Layer already exists|Mounted from .*)$/;
const arrived = /^(Verifying Checksum|Download complete|Extracting|Pull complete|Pushed)$/;

export class Transfers {
  readonly #layers = new Map<string, Layer>();
  readonly #meter = new Meter();
  /** Bytes seen moving: what was there when a transfer was taken up again does not count. */
  #seen = 0;

  get empty(): boolean {
    return this.#layers.size === 0;
  }

  apply({ id = '', status = '', progressDetail }: ProgressLine): void {
    const known = this.#layers.get(id);
    const layer = known ?? { status, step: null, moved: 0, size: 0, meter: new Meter() };
    if (!known) this.#layers.set(id, layer);
    const { current = 0, total = 0 } = progressDetail ?? {};
    layer.status = status;
    layer.step = current > 0 || total > 0 ? { current, total } : null;
    if (arrived.test(status)) layer.moved = layer.size = Math.max(layer.size, layer.moved);
    else if (layer.step) this.#move(layer, current, total);
  }

  #move(layer: Layer, current: number, total: number): void {
    if (layer.moved > 0) this.#seen += Math.max(0, current - layer.moved);
    layer.moved = current;
    layer.size = Math.max(total, 0);
  }

  /** In the order in which they came. */
  rows(now: number): Row[] {
    return [...this.#layers].map(([id, { status, step, moved, meter }]) => ({
      id,
      status,
      step,
      rate: step && !arrived.test(status) ? meter.sample(moved, now) : null,
      done: finished.test(status),
    }));
  }

  totals(now: number): Totals {
    const layers = [...this.#layers.values()];
    const pending = layers.filter(({ status }) => !finished.test(status));
    return {
      done: layers.length - pending.length,
      count: layers.length,
      moved: sum(layers.map(({ moved }) => moved)),
      size: pending.every(({ size }) => size > 0) ? sum(layers.map(({ size }) => size)) : null,
      rate: this.#meter.sample(this.#seen, now),
    };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
