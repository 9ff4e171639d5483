/** Questions on a terminal, one line of answer each. */

import { ExitError, exitCode } from '../exit.ts';
import { writeErr, writeOut } from './output.ts';
import { withoutEcho } from './tty.ts';

export class Prompt {
  readonly #input = Bun.stdin.stream().getReader();
  readonly #decoder = new TextDecoder();
  #held = '';

  async ask(question: string): Promise<string> {
    writeOut(question);
    return (await this.#line()).trim();
  }

  /** What is typed is not shown; the terminal is itself again afterwards, also after ctrl-C. */
  async askSecret(question: string): Promise<string> {
    using echo = withoutEcho(0);
    const leave = () => {
      echo[Symbol.dispose]();
      writeErr('\n');
      process.exit(exitCode.interrupted);
    };
    process.once('SIGINT', leave);
    try {
      writeOut(question);
      return await this.#line();
    } finally {
      process.off('SIGINT', leave);
      writeOut('\n');
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf('\n');
      if (end >= 0) {
        const line = this.#held.slice(0, end);
        this.#held = this.#held.slice(end + 1);
        return line.replace(/\r$/, '');
      }
      const { done, value } = await this.#input.read();
      if (done) throw new ExitError('unexpected end of input');
      this.#held += this.#decoder.decode(value, { stream: true });
    }
  }
}
