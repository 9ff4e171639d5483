/** Work on the same volume is done one after the other, first come first served. */
export class Turns {
  readonly #tails = new Map<string, Promise<unknown>>();

  async take<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    // Always in the same order, so that two works on two volumes never wait for each other.
    const [name, ...others] = [...new Set(names)].sort();
    return name === undefined ? work() : this.#after(name, () => this.take(others, work));
  }

  async #after<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    const done = before.then(work);
    const tail = done.catch(() => undefined);
    this.#tails.set(name, tail);
    try {
      return await done;
    } finally {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }
}
