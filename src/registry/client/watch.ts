/** Reports when nothing has happened for too long. Runs only while somebody waits, so that a slow consumer is not taken for a stalled connection. */
export class Watch {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(
    private readonly patience: number,
    private readonly expired: () => void,
  ) {}

  start(patience = this.patience): void {
    this.stop();
    if (!this.#closed) this.#timer = setTimeout(this.expired, patience);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** For good: whoever still comes to start it has been overtaken. */
  close(): void {
    this.stop();
    this.#closed = true;
  }
}
