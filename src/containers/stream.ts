/** Streams of an attached client: made before there is a process, connected to the shim when there is one. */
import type { ShimStream } from '../shim/client.ts';
import { DetachScanner } from './detach-keys.ts';
import type { ContainerStream } from './model.ts';

export interface StreamWants {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** Milliseconds without output after which an ended client is let go, and the most it is waited for. */
const quiet = 100;
const longestFarewell = 2000;

export class DeferredStream implements ContainerStream {
  readonly output: ReadableStream<Uint8Array>;
  readonly #scanner: DetachScanner | null;
  readonly #connected = Promise.withResolvers<ShimStream | null>();
  #inner: ShimStream | null = null;
  #closed = Promise.withResolvers<null>();
  #isClosed = false;
  /** Called once, when the client lets go (by the keys or by leaving). */
  onClose: (detached: boolean) => void = () => {};

  /** The end of the client's input ends its attachment (and not the process's stdin), as Docker has it without StdinOnce or with a terminal. */
  endsWithInput = false;
  #chunks = 0;

  /** The output ends only after this: what the end means must be known by then. */
  gone: Promise<unknown> = Promise.resolve();

  /** detachKeys null = none are looked for. */
  constructor(
    readonly tty: boolean,
    readonly wants: StreamWants,
    detachKeys: Uint8Array | null,
  ) {
    this.#scanner = detachKeys === null ? null : new DetachScanner(detachKeys);
    let read: (() => Promise<{ done: boolean; value?: Uint8Array }>) | null = null;
    this.output = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (read === null) {
            const inner = await Promise.race([this.#connected.promise, this.#closed.promise]);
            if (inner === null) return controller.close();
            const reader = inner.output.getReader();
            read = () => reader.read();
          }
          // Ends at once when `close` closes the inner stream.
          const step = await read();
          if (step.value === undefined) {
            await Promise.race([this.gone, this.#closed.promise]);
            controller.close();
          } else {
            this.#chunks++;
            controller.enqueue(step.value);
          }
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
  }

  connect(inner: ShimStream): void {
    if (this.#isClosed) {
      inner.close();
      return;
    }
    this.#inner = inner;
    this.#connected.resolve(inner);
  }

  /** There will be no process: the output ends. */
  fail(): void {
    this.#connected.resolve(null);
  }

  async write(chunk: Uint8Array): Promise<void> {
    const inner = this.#inner ?? (await this.#connected.promise);
    if (inner === null || this.#isClosed) return;
    if (this.#scanner === null) return inner.write(chunk);
    const { pass, detached } = this.#scanner.push(chunk);
    if (pass.length > 0) await inner.write(pass);
    if (detached) this.#close(true);
  }

  end(): void {
    void this.#connected.promise.then((inner) => {
      if (this.endsWithInput) this.#closeWhenQuiet(Date.now() + longestFarewell);
      else inner?.end();
    });
  }

  /** What the process answers to the last input is still delivered. */
  #closeWhenQuiet(deadline: number): void {
    const seen = this.#chunks;
    setTimeout(() => {
      if (this.#isClosed) return;
      if (seen === this.#chunks || Date.now() > deadline) this.close();
      else this.#closeWhenQuiet(deadline);
    }, quiet);
  }

  close(): void {
    this.#close(false);
  }

  #close(detached: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed.resolve(null);
    this.#inner?.close();
    this.onClose(detached);
  }
}
