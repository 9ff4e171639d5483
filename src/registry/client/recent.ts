import { createHash } from 'node:crypto';

/** The last `limit` things that were asked for, by what they were made from; what has not been asked for longest goes. */
export class Recent<T> {
  readonly #kept = new Map<string, T>();

  constructor(private readonly limit: number) {}

  /** `from` is kept as a hash: there may be passwords in it. */
  get(from: unknown, make: () => T): T {
    const key = createHash('sha256').update(JSON.stringify(from)).digest('hex');
    const value = this.#kept.get(key) ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, value);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > this.limit && oldest !== undefined) this.#kept.delete(oldest);
    return value;
  }
}
