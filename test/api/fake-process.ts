/** A program that is a function of its stdin, with the stdio of a container. */

import { frame, stderr, stdout } from '../../src/api/http/frames.ts';
import type { ContainerStream } from '../../src/containers/model.ts';

const encode = (text: string) => new TextEncoder().encode(text);

export class FakeProcess {
  readonly #argv: readonly string[];
  readonly #tty: boolean;
  readonly #log: Uint8Array[] = [];
  readonly #attached = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #ready = new Map<ReadableStreamDefaultController<Uint8Array>, () => void>();
  readonly #inputs: Uint8Array[] = [];
  #inputEnded = false;
  #wake: () => void = () => {};
  #killed: number | null = null;
  #finished = false;

  constructor(argv: readonly string[], tty: boolean) {
    this.#argv = argv;
    this.#tty = tty;
  }

  attach(): ContainerStream {
    let own: ReadableStreamDefaultController<Uint8Array> | null = null;
    const output = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          own = controller;
          if (this.#finished) controller.close();
          else this.#attached.add(controller);
        },
        pull: (controller) => this.#ready.get(controller)?.(),
        cancel: () => {
          if (own) this.#attached.delete(own);
        },
      },
      { highWaterMark: 4 },
    );
    return {
      tty: this.#tty,
      output,
      write: async (chunk) => {
        while (this.#inputs.length > 16) await Bun.sleep(1);
        this.#inputs.push(chunk);
        this.#wake();
      },
      end: () => {
        this.#inputEnded = true;
        this.#wake();
      },
      close: () => {
        if (own) this.#attached.delete(own);
      },
    };
  }

  logs(follow: boolean, signal: AbortSignal): ReadableStream<Uint8Array> {
    const past = [...this.#log];
    const live = follow && !this.#finished ? this.attach().output : null;
    return new ReadableStream({
      async start(controller) {
        for (const chunk of past) controller.enqueue(chunk);
        if (live)
          for await (const chunk of live) {
            if (signal.aborted) break;
            controller.enqueue(chunk);
          }
        controller.close();
      },
    });
  }

  kill(code: number): void {
    this.#killed = code;
    this.#wake();
  }

  async run(): Promise<number> {
    const code = await this.#program();
    this.#finished = true;
    for (const controller of this.#attached) controller.close();
    return this.#killed ?? code;
  }

  async #print(bytes: Uint8Array, type: typeof stdout | typeof stderr = stdout): Promise<void> {
    const chunk = this.#tty ? bytes : frame(type, bytes);
    if (this.#log.length < 1000) this.#log.push(chunk);
    for (const controller of this.#attached) {
      controller.enqueue(chunk);
      if ((controller.desiredSize ?? 1) <= 0 && this.#attached.has(controller))
        await new Promise<void>((resolve) => this.#ready.set(controller, resolve));
    }
  }

  async #program(): Promise<number> {
    const [name, ...args] = this.#argv;
    if (name === 'echo') await this.#print(encode(`${args.join(' ')}\n`));
    if (name === 'warn') await this.#print(encode(`${args.join(' ')}\n`), stderr);
    if (name === 'exit') return Number(args[0]);
    if (name === 'cat') await this.#cat();
    if (name === 'count') {
      const chunk = new Uint8Array(65536).fill(120);
      for (let left = Number(args[0]); left > 0 && this.#killed === null; left--) await this.#print(chunk);
    }
    if (name === 'sleep') while (this.#killed === null) await this.#input();
    return 0;
  }

  async #cat(): Promise<void> {
    while (this.#killed === null) {
      const chunk = this.#inputs.shift();
      if (chunk) await this.#print(chunk);
      else if (this.#inputEnded) return;
      else await this.#input();
    }
  }

  #input(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
