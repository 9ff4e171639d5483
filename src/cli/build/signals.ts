/** A build that somebody ends: what is under way fails, so that all that it has made on the way is taken back. */
import { constants } from 'node:os';
import { codeOfSignal, ExitError } from '../exit.ts';
import type { Client } from '../http/client.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Name = (typeof names)[number];

export class Signals implements Disposable {
  #first: Name | null = null;
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
    for (const name of names) process.on(name, this.#receive);
  }

  /** What the shell is told; null: nothing came. */
  get code(): number | null {
    return this.#first === null ? null : codeOfSignal(constants.signals[this.#first]);
  }

  /** Between two requests there is nothing that fails by itself. */
  check(): void {
    if (this.code !== null) throw new ExitError('', this.code);
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    // Whoever asks twice does not want to wait.
    if (this.code !== null) process.exit(this.code);
    this.#first = name as Name;
    this.#client.interrupt();
  };

  [Symbol.dispose](): void {
    for (const name of names) process.off(name, this.#receive);
  }
}
