/** Reports when nothing has happened for too long. Runs only while somebody waits, so that a slow consumer is not taken for a stalled connection. */
export class Watch {
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly patience: number,
    private readonly expired: () => void,
  ) {}

  start(patience = this.patience): void {
    this.stop();
    this.#timer = setTimeout(this.expired, patience);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
