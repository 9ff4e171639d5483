/** One request and its answer: what a route handler gets. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { failureOf } from '../status.ts';

export type Parameters = Readonly<Record<string, string>>;

export class Exchange {
  #abort: AbortController | null = null;
  #query: URLSearchParams | null = null;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly socket: Socket,
    /** Minor API version: 44 for 1.44. */
    readonly version: number,
    readonly parameters: Parameters,
    readonly search: string,
    /** The client asked for `Upgrade:`; then `head` is what followed the request's header, its body first. */
    readonly upgrade: { protocol: string; head: Buffer } | null,
  ) {}

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.search);
    return this.#query;
  }

  parameter(name: string): string {
    return this.parameters[name] ?? '';
  }

  header(name: string): string {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : (value ?? '');
  }

  /** Aborts when the client goes away before the answer is complete. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.socket.destroyed) abort.abort();
      // Bun's response to a connection handed in emits 'close' for both endings; the socket only for the client's.
      const lost = () => abort.abort();
      this.response.once('close', () => {
        // The connection may carry many more requests.
        this.socket.off('close', lost);
        if (!this.response.writableFinished) abort.abort();
      });
      this.socket.once('close', lost);
    }
    return this.#abort.signal;
  }

  json(status: number, value: unknown): void {
    this.send(status, 'application/json', `${JSON.stringify(value)}\n`);
  }

  send(status: number, contentType: string, text: string): void {
    // Header and body in one packet: clients wake once.
    this.response.cork();
    this.response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(text),
    });
    this.response.end(this.request.method === 'HEAD' ? undefined : text);
    this.response.uncork();
  }

  empty(status: number): void {
    this.response.writeHead(status, status === 204 || status === 304 ? {} : { 'Content-Length': 0 });
    this.response.end();
  }

  fail(error: unknown): void {
    const { status, message } = failureOf(error);
    if (this.response.headersSent) {
      // Too late for a status: cutting the connection is the only honest way to say that the rest is missing.
      this.socket.destroy();
      return;
    }
    if (status === 304) this.empty(status);
    // As it was before 1.24.
    else if (this.version < 24) this.send(status, 'text/plain; charset=utf-8', `${message}\n`);
    else this.json(status, { message });
  }
}

export type Handler = (exchange: Exchange) => Promise<void> | void;
