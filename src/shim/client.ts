import { internal } from '../lib/errors.ts';
import type { Operation } from '../linux/operations.ts';
import { Connection } from './connection.ts';
import { EventQueue } from './event-queue.ts';
import {
  EventDecoder,
  encodeRequest,
  flags,
  parseFailure,
  type Request,
  type ShimEvent,
} from './messages.ts';

export { ShimGone } from './connection.ts';

/** The exec's own operations failed: `index` of them with `errno`. */
export class ShimExecFailed extends Error {
  constructor(
    readonly index: number,
    readonly errno: number,
    readonly detail: string,
  ) {
    super(`exec failed at operation ${index}: errno ${errno}: ${detail}`);
    this.name = 'ShimExecFailed';
  }
}

/** A process's stdio. Without tty `output` is Docker's frames, with tty raw bytes; it closes after the process's last byte. */
export interface ShimStream {
  output: ReadableStream<Uint8Array>;
  /** Resolves when the kernel has taken the bytes: awaiting it is the backpressure. */
  write(chunk: Uint8Array): Promise<void>;
  /** The end of stdin; output goes on. */
  end(): void;
  /** Detaches. */
  close(): void;
}

export interface Wants {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** A slow reader blocks the process for as long as it takes, as a terminal would, and is never dropped. */
  hold?: boolean;
}

function flagsOf(wants: Wants & { tty?: boolean }): number {
  return (
    (wants.stdin ? flags.stdin : 0) |
    (wants.stdout ? flags.stdout : 0) |
    (wants.stderr ? flags.stderr : 0) |
    (wants.hold ? flags.hold : 0) |
    (wants.tty ? flags.tty : 0)
  );
}

function streamOf(connection: Connection): ShimStream {
  const output = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await connection.read();
        if (chunk === undefined) {
          controller.close();
          connection.close();
        } else controller.enqueue(chunk);
      },
      cancel: () => connection.close(),
    },
    { highWaterMark: 0 },
  );
  return {
    output,
    write: (chunk) => connection.write(chunk),
    end: () => connection.end(),
    close: () => connection.close(),
  };
}

const maximumError = 4096;

/** Sends the request and reads its status. The connection is closed when that is an error. */
async function ask(socketPath: string, request: Request): Promise<Connection> {
  const connection = await Connection.open(socketPath);
  try {
    await connection.write(encodeRequest(request));
    if (request.type === 'watch') return connection;
    const status = (await connection.readExactly(1))[0];
    if (status === 0) return connection;
    const size = (await connection.readExactly(4)).readUInt32LE(0);
    if (size > maximumError) throw internal(`shim: an error text of ${size} bytes`);
    const message = (await connection.readExactly(size)).toString();
    const failure = request.type === 'exec' ? parseFailure(message) : undefined;
    if (failure) throw new ShimExecFailed(failure.index, failure.errno, failure.detail);
    throw internal(`shim: ${message}`);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Requests to the shim that listens at `socketPath`, whoever launched it. Each is a connection of its own. All throw
 * `ShimGone` when nobody listens there.
 */
export class ShimClient {
  constructor(readonly socketPath: string) {}

  /** Begins with what is true now (`started` or `exited`), ends when the shim is gone. */
  async watch(): Promise<AsyncIterable<ShimEvent>> {
    const connection = await ask(this.socketPath, { type: 'watch' });
    const queue = new EventQueue<ShimEvent>();
    queue.onReturn = () => connection.close();
    void (async () => {
      const decoder = new EventDecoder();
      try {
        for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read())
          for (const event of decoder.push(chunk)) if (event !== 'listening') queue.push(event);
        queue.end();
      } catch (error) {
        queue.end(error);
      }
    })();
    return queue;
  }

  /** execId "" (or none) is the container's own process. */
  async attach(options: Wants & { execId?: string }): Promise<ShimStream> {
    const execId = options.execId ?? '';
    return streamOf(await ask(this.socketPath, { type: 'attach', execId, flags: flagsOf(options) }));
  }

  /** Resolves once the program runs. `stream` is null when none of stdin, stdout and stderr is wanted. */
  async exec(
    execId: string,
    operations: readonly Operation[],
    options: Wants & { tty: boolean },
  ): Promise<{ pid: number; stream: ShimStream | null }> {
    const request: Request = { type: 'exec', execId, flags: flagsOf(options), operations };
    const connection = await ask(this.socketPath, request);
    const pid = (await connection.readExactly(4)).readUInt32LE(0);
    if (options.stdin || options.stdout || options.stderr) return { pid, stream: streamOf(connection) };
    connection.close();
    return { pid, stream: null };
  }

  /** Sets the size of the process's terminal. */
  async resize(execId: string, rows: number, columns: number): Promise<void> {
    (await ask(this.socketPath, { type: 'resize', execId, rows, columns })).close();
  }

  /** Serves names at 127.0.0.11 inside, by asking at `namesPath`. Idempotent. */
  async serveNames(namesPath: string): Promise<void> {
    (await ask(this.socketPath, { type: 'names', namesPath })).close();
  }

  /** Sends a signal by pidfd. */
  async signal(execId: string, signal: number): Promise<void> {
    (await ask(this.socketPath, { type: 'signal', execId, signal })).close();
  }
}
