/** One socket to the daemon: writes that wait for room, reads that push back. TCP, TLS or unix, by Bun.connect. */
import type { Socket } from 'bun';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { ByteQueue } from './bytes.ts';
import type { Endpoint, TlsFiles } from './endpoint.ts';

export class Connection implements Disposable {
  readonly incoming: ByteQueue;
  #socket: Socket<undefined> | null = null;
  #drained: (() => void) | null = null;
  #closed = false;
  #paused = false;

  private constructor() {
    this.incoming = new ByteQueue((full) => this.#pressure(full));
  }

  static async open(endpoint: Endpoint): Promise<Connection> {
    const connection = new Connection();
    const socket = connection.#handlers();
    if (endpoint.kind === 'unix') {
      connection.#socket = await Bun.connect({ unix: endpoint.path, socket });
      return connection;
    }
    const { host: hostname, port } = endpoint;
    const tls = endpoint.tls ? await tlsOptions(endpoint.tls, hostname) : undefined;
    connection.#socket = await Bun.connect({ hostname, port, socket, ...(tls ? { tls } : {}) });
    if (tls) await connection.#secured;
    return connection;
  }

  get closed(): boolean {
    return this.#closed || this.incoming.ended;
  }

  /** Resolves when the kernel has taken all bytes. */
  async write(data: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < data.length) {
      if (this.#closed || !this.#socket) throw new Error('connection is closed');
      const written = this.#socket.write(data, offset, data.length - offset);
      if (written < 0) throw new Error('connection is closed');
      offset += written;
      if (offset < data.length) await this.#room();
    }
  }

  /** Ends our half: the peer reads end of file and may go on sending. */
  endWriting(): void {
    this.#socket?.shutdown();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#socket?.end();
    this.#socket?.terminate();
  }

  #secure: { resolve: () => void; reject: (error: Error) => void } | null = null;
  readonly #secured = new Promise<void>((resolve, reject) => {
    this.#secure = { resolve, reject };
  });

  #handlers() {
    return {
      data: (_socket: Socket<undefined>, data: Uint8Array) => this.incoming.push(data),
      drain: () => this.#wakeWriter(),
      handshake: (_socket: Socket<undefined>, ok: boolean, error: Error | null) => {
        if (ok && !error) this.#secure?.resolve();
        else this.#secure?.reject(error ?? new Error('tls: handshake failed'));
      },
      end: () => this.incoming.end(),
      close: () => this.#close(null),
      error: (_socket: Socket<undefined>, error: Error) => this.#close(error),
    };
  }

  #close(error: Error | null): void {
    this.#closed = true;
    this.#secured.catch(() => undefined);
    this.#secure?.reject(error ?? new Error('connection closed during the TLS handshake'));
    this.incoming.end(error);
    this.#wakeWriter();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #wakeWriter(): void {
    const drained = this.#drained;
    this.#drained = null;
    drained?.();
  }

  #pressure(full: boolean): void {
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#socket?.pause();
    else this.#socket?.resume();
  }
}

async function tlsOptions(files: TlsFiles, serverName: string) {
  const read = async (path: string, required: boolean) => {
    const file = Bun.file(path);
    if (!required && !(await file.exists())) return undefined;
    try {
      return await file.text();
    } catch (error) {
      throw new ExitError(
        `Failed to initialize: unable to resolve docker endpoint: open ${path}: ${reasonOf(error)}`,
      );
    }
  };
  const [ca, cert, key] = await Promise.all([
    read(files.ca, files.verify),
    read(files.cert, files.verify),
    read(files.key, files.verify),
  ]);
  return { ca, cert, key, serverName, rejectUnauthorized: files.verify };
}
