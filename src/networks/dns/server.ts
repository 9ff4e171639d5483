/** The name server: shims bring the queries that containers send to 127.0.0.11, and take the answers back. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import { FrameReader, frame, type Query } from './frames.ts';
import { answer } from './local.ts';
import { emptyResponse, responseCodes } from './message.ts';
import type { Views } from './model.ts';
import { type Ask, askWorld } from './upstream.ts';

/** Questions to the world that one container may have open; more fail at once. Shims have no more slots than that. */
const mostOpen = 256;

export interface DnsServerOptions {
  /** Of the unix socket. Whatever is there is a dead predecessor's. */
  path: string;
  views: Views;
  log: Log;
  ask?: Ask;
}

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #connections = new Set<Socket>();
  #server: Server | null = null;

  constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { path } = this.#options;
    rmSync(path, { force: true });
    const server = createServer((socket) => this.#serve(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    server.unref();
    this.#server = server;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    this.#server?.close();
    this.#server = null;
  }

  #serve(socket: Socket): void {
    const reader = new FrameReader();
    let open = 0;
    this.#connections.add(socket);
    socket.unref();
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk) => {
      try {
        for (const query of reader.push(Buffer.from(chunk))) {
          open++;
          void this.#resolve(reader.containerId ?? '', query, open <= mostOpen)
            .then((message) => message && !socket.destroyed && socket.write(frame(message)))
            .finally(() => open--);
        }
      } catch (error) {
        this.#options.log('warn', 'a name query was not understood', { error: messageOf(error) });
        socket.destroy();
      }
    });
  }

  /** null: no answer at all. */
  async #resolve(
    containerId: string,
    { transport, message }: Query,
    mayAsk: boolean,
  ): Promise<Buffer | null> {
    try {
      const view = this.#options.views(containerId);
      if (!view) return null;
      const verdict = answer(message, transport, view, shuffled);
      if (verdict.kind === 'drop') return null;
      if (verdict.kind === 'answer') return verdict.message;
      const reply = mayAsk ? await askWorld(message, verdict.servers, transport, this.#options.ask) : null;
      return reply ?? emptyResponse(message, responseCodes.serverFailure);
    } catch (error) {
      this.#options.log('error', 'a name query failed', { error: messageOf(error) });
      return null;
    }
  }
}

function shuffled<T>(list: T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
