/** One mutex per key, first come first served: two requests for the same container never interleave. */
export class Locks {
  readonly #tails = new Map<string, Promise<void>>();

  /** `using lock = await locks.take(id)`. Never hold it while waiting for a process to end: its exit needs the lock. */
  async take(key: string): Promise<Disposable> {
    const before = this.#tails.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, promise);
    if (before !== undefined) await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#tails.get(key) === promise) this.#tails.delete(key);
        resolve();
      },
    };
  }

  /** Resolves when nobody holds or awaits any lock. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
