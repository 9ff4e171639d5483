/** A proxy in front of a real registry that does to its answers what networks and hostile hosts do. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collect } from './content.ts';

/** One request as it came in. */
export interface Seen {
  method: string;
  /** Path and query. */
  path: string;
  headers: http.IncomingHttpHeaders;
}

export interface Exchange extends Seen {
  /** Passes the request on and the answer back. */
  forward(change?: Change): Promise<void>;
  /** Answers without asking anybody. */
  reply(status: number, headers?: Record<string, string>, body?: string | Uint8Array): void;
  /** Hangs up. */
  cut(): void;
  /** The request's body. */
  body(): Promise<Buffer>;
  /** Asks the registry and hands its answer to the caller only. */
  ask(method: string, path: string, headers: Record<string, string>, body?: Uint8Array): Promise<Answered>;
}

export interface Answered {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

export interface Change {
  /** Body bytes of the answer after which the connection is cut. */
  cutAfter?: number;
  /** Body bytes of the answer after which nothing more comes. */
  stallAfter?: number;
  /** Request headers that the registry does not get to see. */
  without?: readonly string[];
}

type Interfere = (exchange: Exchange) => void | Promise<void>;

export class FaultProxy implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly #server: http.Server;

  private constructor(
    private readonly upstream: string,
    public interfere: Interfere,
  ) {
    this.#server = http.createServer((request, response) => {
      const exchange = this.#exchange(request, response);
      const { method, path, headers } = exchange;
      this.seen.push({ method, path, headers });
      Promise.resolve(this.interfere(exchange)).catch(() => response.destroy());
    });
  }

  /** `upstream`: URL of the registry; "" for a host that is nobody's proxy. */
  static async start(
    upstream: string,
    interfere: Interfere = (exchange) => exchange.forward(),
    port = 0,
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream, interfere);
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve));
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** "METHOD path" of every request, without queries. */
  get requests(): string[] {
    return this.seen.map(({ method, path }) => `${method} ${path.split('?')[0]}`);
  }

  #exchange(request: IncomingMessage, response: ServerResponse): Exchange {
    const { method = '', url: path = '', headers } = request;
    return {
      method,
      path,
      headers,
      body: () => collect(request),
      cut: () => request.socket.destroy(),
      reply: (status, fields = {}, body = '') => {
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...fields });
        response.end(method === 'HEAD' ? undefined : body);
      },
      forward: async (change = {}) => {
        const answer = await this.#send(method, path, without(headers, change.without), request);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        await relay(answer, response, change);
      },
      ask: async (askMethod, askPath, fields, body) => {
        const all = { host: this.host, 'content-length': String(body?.byteLength ?? 0), ...fields };
        const answer = await this.#send(askMethod, askPath, all, body ?? Buffer.alloc(0));
        return { status: answer.statusCode ?? 0, headers: answer.headers, body: await collect(answer) };
      },
    };
  }

  /** The Host header stays, so that the registry's Locations lead back here. */
  #send(
    method: string,
    path: string,
    headers: http.OutgoingHttpHeaders,
    body: IncomingMessage | Uint8Array,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = http.request(`${this.upstream}${path}`, { method, headers, agent: false }, resolve);
      request.on('error', reject);
      if (body instanceof Uint8Array) request.end(body);
      else body.pipe(request);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function without(headers: http.IncomingHttpHeaders, names: readonly string[] = []): http.OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

async function relay(answer: IncomingMessage, response: ServerResponse, change: Change): Promise<void> {
  const limit = change.cutAfter ?? change.stallAfter ?? Number.POSITIVE_INFINITY;
  let sent = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, limit - sent);
    sent += part.byteLength;
    await new Promise<void>((resolve) => {
      response.once('close', resolve);
      response.write(part, () => resolve());
    });
    if (sent >= limit) break;
  }
  answer.destroy();
  if (change.cutAfter !== undefined) response.socket?.destroy();
  else if (change.stallAfter === undefined) response.end();
}
