import { internal } from '../lib/errors.ts';

/** Nobody listens at the shim's socket, or it hung up early: the container has exited, or its shim was killed. */
export class ShimGone extends Error {
  constructor(path: string, options?: { cause?: unknown }) {
    super(`the shim at ${path} is gone`, options);
    this.name = 'ShimGone';
  }
}

/** Received bytes that nobody has read yet; above this the socket is paused. */
const readAhead = 256 * 1024;

const goneCodes = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ECONNRESET']);

/** One connection to a shim, with backpressure both ways and half-close. */
export class Connection {
  #socket: Bun.Socket<undefined> | undefined;
  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #paused = false;
  #ended = false;
  #closed = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly path: string) {}

  static async open(path: string): Promise<Connection> {
    const connection = new Connection(path);
    try {
      connection.#socket = await Bun.connect<undefined>({
        unix: path,
        allowHalfOpen: true,
        socket: {
          binaryType: 'uint8array',
          data: (_, chunk) => connection.#onData(chunk),
          drain: () => connection.#wakeAllWriters(),
          end: () => connection.#onEnd(),
          close: () => connection.#onClose(),
          error: () => connection.#onClose(),
        },
      });
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
      if (goneCodes.has(code)) throw new ShimGone(path, { cause });
      throw internal(`cannot connect to the shim at ${path}: ${String(cause)}`, { cause });
    }
    return connection;
  }

  #onData(chunk: Uint8Array): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > readAhead && !this.#paused) {
      this.#paused = true;
      this.#socket?.pause();
    }
    this.#wakeReader?.();
  }

  #onEnd(): void {
    this.#ended = true;
    this.#wakeReader?.();
  }

  #onClose(): void {
    this.#closed = true;
    this.#onEnd();
    this.#wakeAllWriters();
  }

  #wakeAllWriters(): void {
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of waiting) wake();
  }

  /** The next bytes, at most `limit`; undefined at the end. One reader at a time. */
  async read(limit = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    while (this.#received.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      this.#wakeReader = undefined;
    }
    return this.#take(limit);
  }

  #take(limit: number): Uint8Array | undefined {
    const first = this.#received.shift();
    if (first === undefined) return undefined;
    let chunk = first;
    if (first.length > limit) {
      chunk = first.subarray(0, limit);
      this.#received.unshift(first.subarray(limit));
    }
    this.#receivedBytes -= chunk.length;
    if (this.#paused && this.#receivedBytes <= readAhead / 2) {
      this.#paused = false;
      this.#socket?.resume();
    }
    return chunk;
  }

  /** Exactly `size` bytes. Throws when the connection ends before. */
  async readExactly(size: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let missing = size; missing > 0; ) {
      const part = await this.read(missing);
      if (part === undefined) throw new ShimGone(this.path);
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Resolves once the kernel has taken all of `chunk`. Writes keep their order. */
  write(chunk: Uint8Array): Promise<void> {
    const done = this.#writing.then(() => this.#writeAll(chunk));
    this.#writing = done.catch(() => {});
    return done;
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#closed || this.#socket === undefined) throw new ShimGone(this.path);
      const written = this.#socket.write(rest);
      if (written < 0) throw new ShimGone(this.path);
      rest = rest.subarray(written);
      if (rest.length > 0) await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
  }

  /** Half-close after what was written: the shim reads the end, and may go on sending. */
  end(): void {
    void this.#writing.then(() => {
      if (!this.#closed) this.#socket?.shutdown();
    });
  }

  close(): void {
    this.#socket?.end();
    this.#onClose();
  }
}
