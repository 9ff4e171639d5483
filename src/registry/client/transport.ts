/**
 * HTTP over node:http and node:https (docs/decisions/0007-registry-client.md: measured beside fetch). Knows nothing of registries: no
 * authentication, no redirects, no second try.
 */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { Agents } from './agents.ts';
import { HttpAnswer } from './answer.ts';
import { connectionError, dialTimeout, stalledError } from './connection-failure.ts';
import type { Answer, Body, Exchange, TlsSettings } from './exchange.ts';
import type { Environment } from './proxies.ts';
import { Watch } from './watch.ts';

export interface TransportOptions {
  /** Milliseconds without a byte after which a connection counts as broken. */
  stall: number;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up. */
  environment: Environment;
}

/** Milliseconds, as Docker's. */
const dialPatience = 30_000;

export class Transport {
  readonly #agents: Agents;

  constructor(private readonly options: TransportOptions) {
    this.#agents = new Agents(options.environment);
  }

  /**
   * Resolves with the head of the answer. Throws unavailable (with ConnectionFailure) when there is none, the signal's reason when it
   * aborts, and what the body's source throws.
   */
  async send(exchange: Exchange, tls: TlsSettings): Promise<Answer> {
    exchange.signal.throwIfAborted();
    const request = this.#open(exchange, tls);
    const secured = onceSecured(request);
    const dial = new Watch(Math.min(dialPatience, this.options.stall), () =>
      request.destroy(dialTimeout(exchange)),
    );
    whileConnecting(request, dial);
    const watch = new Watch(this.options.stall, () => request.destroy(stalledError(exchange)));
    try {
      const message = await answered(request, exchange, watch);
      return new HttpAnswer(exchange, message, this.options.stall);
    } catch (error) {
      request.destroy();
      exchange.signal.throwIfAborted();
      throw connectionOr(error, exchange, secured());
    } finally {
      dial.close();
      watch.close();
    }
  }

  #open({ method, url, headers, body, signal }: Exchange, tls: TlsSettings): ClientRequest {
    const start = url.protocol === 'https:' ? https.request : http.request;
    return start(url, {
      method,
      agent: this.#agents.for(url, tls),
      signal,
      headers: {
        'User-Agent': 'gantry',
        // Blobs and manifests are what their digests say, never what a server would make of them on the way.
        'Accept-Encoding': 'identity',
        ...headers,
        ...contentLength(method, body),
      },
    });
  }
}

function contentLength(method: Exchange['method'], body: Body | undefined): Record<string, string> {
  if (body !== undefined) return { 'Content-Length': String(body.length) };
  return method === 'GET' || method === 'HEAD' ? {} : { 'Content-Length': '0' };
}

/** Sends the body while it waits for the answer, which may come before the body's end. */
async function answered(
  request: ClientRequest,
  { body, patience }: Exchange,
  watch: Watch,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve);
  // Stays: an error that comes after the answer must not be an unhandled one. The answer's body reports it.
  request.on('error', reject);
  sendBody(request, body, watch).then(
    () => watch.start(patience),
    (error: unknown) => reject(new SourceError(error)),
  );
  const message = await promise;
  if (!request.writableFinished) message.once('close', () => request.destroy());
  return message;
}

async function sendBody(request: ClientRequest, body: Body | undefined, watch: Watch): Promise<void> {
  let wanted = true;
  request.once('response', () => {
    wanted = false;
  });
  if (body !== undefined)
    for await (const chunk of body.open()) {
      if (request.destroyed || !wanted) return;
      watch.start();
      if (!request.write(chunk)) await drained(request);
      watch.stop();
    }
  request.end();
}

/** Until the request takes more, or will never do so. */
function drained(request: ClientRequest): Promise<void> {
  const events = ['drain', 'close', 'error', 'response'] as const;
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) request.off(event, done);
      resolve();
    };
    for (const event of events) request.on(event, done);
  });
}

/** What the source of a body threw, carried past the connection's own errors. */
class SourceError extends Error {
  constructor(readonly thrown: unknown) {
    super('the source of a request body failed');
  }
}

function connectionOr(error: unknown, exchange: Exchange, secured: boolean): unknown {
  return error instanceof SourceError ? error.thrown : connectionError(exchange, error, secured);
}

function whileConnecting(request: ClientRequest, dial: Watch): void {
  dial.start();
  request.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', () => dial.close());
    else dial.close();
  });
}

function onceSecured(request: ClientRequest): () => boolean {
  let secured = false;
  request.once('socket', (socket) => {
    // A connection that was kept has it behind itself.
    secured = request.reusedSocket;
    if (!secured && (socket as Partial<TLSSocket>).encrypted === true)
      socket.once('secureConnect', () => {
        secured = true;
      });
  });
  return () => secured;
}
