/** How fast bytes move, smoothed so that the figure can be read. */

/** Milliseconds: less is too little to tell a rate from. */
const interval = 250;
/** Milliseconds after which what was before counts about a third. */
const memory = 3000;

export class Meter {
  #last: { at: number; bytes: number } | null = null;
  #rate: number | null = null;

  /** `bytes` moved until `now` (milliseconds); returns bytes per second, null while there is nothing to tell it from. */
  sample(bytes: number, now: number): number | null {
    const last = this.#last;
    // Less than before: it begins anew.
    if (last === null || bytes < last.bytes) {
      this.#last = { at: now, bytes };
      return this.#rate;
    }
    const passed = now - last.at;
    if (passed < interval) return this.#rate;
    const current = ((bytes - last.bytes) * 1000) / passed;
    const weight = this.#rate === null ? 1 : 1 - Math.exp(-passed / memory);
    this.#rate = (this.#rate ?? 0) * (1 - weight) + current * weight;
    this.#last = { at: now, bytes };
    return this.#rate;
  }
}
