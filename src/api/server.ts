/**
 * The Docker Engine API server. Connections are accepted by node:net and node:tls and handed to node:http, because only a
 * socket of our own can be taken back from the parser: attach without `Upgrade` continues as bare bytes after the header.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createNetServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { invalid, messageOf, notFound } from '../lib/errors.ts';
import type { Log } from '../lib/op.ts';
import { type Backends, type Facts, facts } from './backends.ts';
import { Exchange } from './http/exchange.ts';
import { Router } from './http/router.ts';
import { openSocketFile, type SocketFile } from './http/socket-file.ts';
import { newestVersion, parseVersion, splitVersion, versionText } from './http/version.ts';
import { routes } from './routes/all.ts';

export interface TlsFiles {
  ca: string;
  cert: string;
  key: string;
  /** Require a client certificate signed by `ca`. */
  verify: boolean;
}

export interface ApiServer {
  /** Listens on a path; replaces a stale socket file. mode is octal permission bits, group a name or number or "". */
  listenUnix(path: string, options: { mode: number; group: string }): Promise<void>;
  listenTcp(host: string, port: number, tls?: TlsFiles): Promise<void>;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

export interface ApiOptions {
  log: Log;
  version?: string;
}

export function createApiServer(backends: Backends, options: ApiOptions): ApiServer {
  return new HttpApiServer(backends, options.log, facts(options.version));
}

const maxHeaderBytes = 256 * 1024;

class HttpApiServer implements ApiServer {
  readonly #router: Router;
  readonly #http;
  readonly #headers: [string, string][];
  readonly #listeners: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #files: SocketFile[] = [];
  readonly #log: Log;

  constructor(backends: Backends, log: Log, known: Facts) {
    this.#log = log;
    this.#router = new Router(routes(backends, known, log));
    this.#headers = [
      ['Api-Version', versionText(newestVersion)],
      ['Docker-Experimental', 'false'],
      ['Ostype', 'linux'],
      ['Server', `Docker/${known.version} (linux)`],
    ];
    // Waits, logs and uploads take as long as they take: no time limits but the header's.
    this.#http = createHttpServer({
      maxHeaderSize: maxHeaderBytes,
      requestTimeout: 0,
      keepAliveTimeout: 0,
      headersTimeout: 60_000,
    });
    this.#http.on('request', (request, response) => void this.#serve(request, response, null));
    this.#http.on('upgrade', (request, _socket, head) => this.#serveUpgrade(request, head));
    this.#http.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
  }

  async listenUnix(path: string, options: { mode: number; group: string }): Promise<void> {
    const file = await openSocketFile(path, options);
    const server = createNetServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    await this.#listen(server, () => file.bind(() => server.listen({ path })));
    file.protect();
    this.#files.push(file);
  }

  async listenTcp(host: string, port: number, tls?: TlsFiles): Promise<void> {
    const accept = (socket: Socket) => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      this.#accept(socket);
    };
    const server = tls
      ? createTlsServer({ allowHalfOpen: true, ...tlsMaterial(tls) }, accept)
      : createNetServer({ allowHalfOpen: true }, accept);
    // A failed handshake is the client's affair.
    server.on('tlsClientError', () => {});
    await this.#listen(server, () => server.listen({ host, port }));
  }

  async close(): Promise<void> {
    for (const file of this.#files) file.remove();
    const closed = this.#listeners.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #listen(server: Server, listen: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.once('listening', () => {
        server.off('error', reject);
        server.on('error', (error) => this.#log('error', `API listener: ${error.message}`));
        this.#listeners.push(server);
        resolve();
      });
      listen();
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    this.#http.emit('connection', socket);
  }

  /** A request to upgrade gets an ordinary response object too, so that errors and plain answers look like any other. */
  #serveUpgrade(request: IncomingMessage, head: Buffer): void {
    const response = new ServerResponse(request);
    const { socket } = request;
    response.assignSocket(socket);
    response.setHeader('Connection', 'close');
    response.once('finish', () => socket.destroySoon());
    socket.on('error', () => socket.destroy());
    void this.#serve(request, response, { protocol: String(request.headers.upgrade ?? ''), head });
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    upgrade: { protocol: string; head: Buffer } | null,
  ): Promise<void> {
    for (const [name, value] of this.#headers) response.setHeader(name, value);
    const { path, search } = splitTarget(request.url ?? '/');
    const socket = request.socket;
    let exchange = new Exchange(request, response, socket, newestVersion, {}, search, upgrade);
    try {
      const versioned = splitVersion(decode(path));
      const found = this.#router.find(request.method ?? 'GET', versioned.path);
      if (!found) throw notFound('page not found');
      const version = versioned.version === null ? newestVersion : parseVersion(versioned.version);
      exchange = new Exchange(request, response, socket, version, found.parameters, search, upgrade);
      await found.handler(exchange);
    } catch (error) {
      this.#report(exchange, error);
    }
    // What is left of a body that nobody wanted must not stay in the connection.
    if (!upgrade && !request.complete && !socket.destroyed) request.resume();
  }

  #report(exchange: Exchange, error: unknown): void {
    const { method, url } = exchange.request;
    // Once the answer has begun the log is the only one that can still be told.
    const unheard = exchange.response.headersSent && !exchange.socket.destroyed;
    this.#log(unheard ? 'warn' : 'debug', `${method} ${url}: ${messageOf(error)}`);
    try {
      exchange.fail(error);
    } catch (second) {
      this.#log('error', `${method} ${url}: cannot answer: ${messageOf(second)}`);
      exchange.socket.destroy();
    }
  }
}

function splitTarget(target: string): { path: string; search: string } {
  const path = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, '') || '/';
  const at = path.indexOf('?');
  return at < 0 ? { path, search: '' } : { path: path.slice(0, at), search: path.slice(at + 1) };
}

function decode(path: string): string {
  try {
    return path.includes('%') ? decodeURIComponent(path) : path;
  } catch {
    throw invalid(`invalid URL escape in ${JSON.stringify(path)}`);
  }
}

function tlsMaterial(files: TlsFiles) {
  return {
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    minVersion: 'TLSv1.2' as const,
    // Client certificates are checked against this authority alone, never the system's (CVE-2018-12608).
    ...(files.verify ? { ca: readFileSync(files.ca), requestCert: true, rejectUnauthorized: true } : {}),
  };
}
