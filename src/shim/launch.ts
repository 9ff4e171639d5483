import { internal } from '../lib/errors.ts';
import { nativePath } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { ShimClient } from './client.ts';
import { EventQueue } from './event-queue.ts';
import { EventDecoder, encodeLaunch, type ShimEvent } from './messages.ts';
import type { Launch } from './protocol.ts';

/** A shim that this process spawned. It outlives this process. */
export interface RunningShim {
  /** The shim's own pid. */
  pid: number;
  /** `started` or `failed`, then the rest of the container's life; ends when the shim is gone. For one reader. */
  events: AsyncIterable<ShimEvent>;
  client: ShimClient;
}

/** In place of the container's short id, which takes its place: `pgrep -f 'gantry-init shim [0-9a-f]'` finds those in use. */
const unnamed = '(not in use)';

/** A shim that waits for its container. It leaves when its stdin ends: with this process, or by `dismiss`. */
export class SpareShim {
  readonly #child;
  readonly #events = new EventQueue<ShimEvent>();
  readonly #listening = Promise.withResolvers<void>();
  /** The process is gone. */
  readonly gone: Promise<unknown>;

  /** In a session of its own, for it may outlive this process. */
  constructor() {
    this.#child = Bun.spawn([nativePath(), 'shim', unnamed], {
      argv0: 'gantry-init',
      cwd: '/',
      env: {},
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'ignore',
      detached: true,
    });
    this.#child.unref();
    this.gone = this.#child.exited;
    this.#listening.promise.catch(() => {});
    void this.#relay(this.#child.stdout);
  }

  /**
   * Hands it its container. Resolves when its socket accepts connections (the container is being made meanwhile); rejects
   * when the shim could not come that far.
   */
  async launch(launch: Launch, operations: readonly Operation[]): Promise<RunningShim> {
    this.#child.stdin.write(encodeLaunch(launch, operations));
    this.#child.stdin.end();
    await this.#listening.promise;
    return { pid: this.#child.pid, events: this.#events, client: new ShimClient(launch.socketPath) };
  }

  dismiss(): void {
    this.#child.stdin.end();
  }

  async #relay(stdout: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new EventDecoder();
    const { resolve: listening, reject: failed } = this.#listening;
    try {
      for await (const chunk of stdout)
        for (const event of decoder.push(chunk)) {
          if (event === 'listening') listening();
          else {
            if (event.type === 'failed') failed(internal(`shim: ${event.detail} (errno ${event.errno})`));
            this.#events.push(event);
          }
        }
      failed(internal('the shim ended before it listened'));
      this.#events.end();
    } catch (error) {
      failed(error instanceof Error ? error : internal(String(error)));
      this.#events.end(error);
    }
  }
}

/** A shim for one container, without a spare one. */
export const launchShim = (launch: Launch, operations: readonly Operation[]): Promise<RunningShim> =>
  new SpareShim().launch(launch, operations);
