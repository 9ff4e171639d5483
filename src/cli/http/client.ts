/** The Engine API as the commands use it: requests, streams and hijacked connections over one small HTTP/1.1 client. */
import { ExitError, isExitError } from '../exit.ts';
import { clientApiVersion, clientVersion, programName } from '../program.ts';
import { Connection } from './connection.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import { ClosedEarly, type Head, keepsAlive, readBody, readHead } from './response.ts';

/** What the daemon answered with a status of 400 or more. `message` is its own text. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
  ) {
    super(`Error response from daemon: ${reason}`);
    this.name = 'ApiError';
  }
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;
export type Body = { json: unknown } | { stream: AsyncIterable<Uint8Array>; type: string };

export interface RequestOptions {
  query?: Query;
  body?: Body;
  headers?: Record<string, string>;
}

export interface Response {
  head: Head;
  body: AsyncGenerator<Uint8Array>;
}

const encoder = new TextEncoder();
const idleLimit = 4;

export class Client {
  readonly endpoint: Endpoint;
  #version: string;
  #startDaemon: (() => Promise<void>) | null;
  readonly #idle: Connection[] = [];
  readonly #opening: Promise<Connection | null>[] = [];
  /** Those that may be in use. */
  #open: Connection[] = [];
  #interruptions = 0;

  /** `startDaemon` is called once when nothing listens; null when the user named a host. */
  constructor(endpoint: Endpoint, startDaemon: (() => Promise<void>) | null) {
    this.endpoint = endpoint;
    this.#startDaemon = startDaemon;
    this.#version = process.env.DOCKER_API_VERSION?.replace(/^v/, '') || clientApiVersion;
  }

  get apiVersion(): string {
    return this.#version;
  }

  /** The body of a successful answer, parsed. Throws ApiError. */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    return JSON.parse(await this.text(method, path, options)) as T;
  }

  async text(method: string, path: string, options: RequestOptions = {}): Promise<string> {
    return collect((await this.request(method, path, options)).body);
  }

  /** For requests whose answer has no content. */
  async call(method: string, path: string, options: RequestOptions = {}): Promise<void> {
    await this.text(method, path, options);
  }

  /** Returns once the head of the answer is there. The body must be read to its end, or the process must end. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    if (options.body && 'stream' in options.body) await this.negotiate();
    const { connection, head } = await this.#exchange(method, path, options, {});
    const body = this.#release(connection, head, readBody(connection.incoming, head, method));
    if (head.status < 400) return { head, body };
    const reason = errorText(head, await collect(body));
    const older = tooNew.exec(reason);
    if (head.status !== 400 || !older?.[1] || older[1] === this.#version)
      throw new ApiError(head.status, reason);
    this.#version = older[1];
    return this.request(method, path, options);
  }

  /** Turns the connection into a raw stream (attach, exec start). Throws ApiError when the daemon refuses. */
  async hijack(path: string, options: RequestOptions = {}): Promise<{ connection: Connection; head: Head }> {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'tcp' };
    const { connection, head } = await this.#exchange('POST', path, options, upgrade);
    if (head.status === 101 || head.status === 200) return { connection, head };
    const reason = errorText(head, await collect(readBody(connection.incoming, head, 'POST')));
    connection[Symbol.dispose]();
    const older = tooNew.exec(reason);
    if (head.status !== 400 || !older?.[1] || older[1] === this.#version)
      throw new ApiError(head.status, reason);
    this.#version = older[1];
    return this.hijack(path, options);
  }

  /** Learns the daemon's version before a request that cannot be sent twice. */
  async negotiate(): Promise<Head> {
    const { connection, head } = await this.#exchange('HEAD', '/_ping', {}, {}, '');
    await collect(this.#release(connection, head, readBody(connection.incoming, head, 'HEAD')));
    const theirs = head.headers.get('api-version');
    if (theirs && older(theirs, this.#version)) this.#version = theirs;
    return head;
  }

  /** Opens connections for requests to come, while the answer to one is awaited. */
  expect(requests: number): void {
    for (let i = 0; i < requests; i++)
      // Whoever needs one that failed tries again and reports it.
      this.#opening.push(Connection.open(this.endpoint).catch(() => null));
  }

  /** Whatever is under way fails. What is asked afterwards is not concerned. */
  interrupt(): void {
    this.#interruptions += 1;
    for (const connection of this.#open) connection[Symbol.dispose]();
    this.#open = [];
  }

  /** A connection of its own, for `system dial-stdio`. */
  dial(): Promise<Connection> {
    return this.#connect();
  }

  async #exchange(
    method: string,
    path: string,
    options: RequestOptions,
    extra: Record<string, string>,
    prefix = `/v${this.#version}`,
  ): Promise<{ connection: Connection; head: Head }> {
    const interruptions = this.#interruptions;
    for (;;) {
      const reused = this.#takeIdle() ?? (await this.#opening.pop()) ?? null;
      const connection = reused ?? (await this.#connect());
      try {
        const sending = send(connection, method, prefix + path + queryText(options.query), options, extra);
        if (options.body && 'stream' in options.body)
          return { connection, head: await headWhile(sending, connection) };
        await sending;
        return { connection, head: await readHead(connection.incoming) };
      } catch (error) {
        connection[Symbol.dispose]();
        // The body could not be had, which says nothing about the connection.
        if (isExitError(error)) throw error;
        const streamed = options.body !== undefined && 'stream' in options.body;
        // The daemon may have closed a connection that was idle: the request was not seen and is sent again.
        const isMeant = this.#interruptions > interruptions;
        if (reused && !streamed && !isMeant && !(error instanceof ClosedEarly && error.started)) continue;
        throw new ExitError(`error during connect: ${messageOf(error)}`);
      }
    }
  }

  #takeIdle(): Connection | null {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop())
      if (!connection.closed) return connection;
    return null;
  }

  async *#release(
    connection: Connection,
    head: Head,
    body: AsyncGenerator<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    let complete = false;
    try {
      yield* body;
      complete = true;
    } finally {
      if (complete && keepsAlive(head) && this.#idle.length < idleLimit) this.#idle.push(connection);
      else connection[Symbol.dispose]();
    }
  }

  async #connect(): Promise<Connection> {
    try {
      const connection = await Connection.open(this.endpoint);
      this.#open = [...this.#open.filter(({ closed }) => !closed), connection];
      return connection;
    } catch (error) {
      const startDaemon = this.#startDaemon;
      this.#startDaemon = null;
      if (isExitError(error)) throw error;
      if (!startDaemon || !nobodyListens(error)) throw this.#unreachable(error);
      await startDaemon();
      return this.#connect();
    }
  }

  #unreachable(error: unknown): ExitError {
    const where = describeEndpoint(this.endpoint);
    if (nobodyListens(error))
      return new ExitError(
        `Cannot connect to the ${programName} daemon at ${where}. Is the ${programName} daemon running?`,
      );
    const reason =
      codeOf(error) === 'EACCES'
        ? `permission denied while trying to connect to the ${programName} daemon socket at ${where}`
        : `error during connect: ${messageOf(error)}`;
    return new ExitError(reason);
  }
}

/**
 * The daemon may refuse a body before it has read it, or answer while it reads; only a body that cannot be had ends the
 * wait. The connection carries nothing after that: who knows how much of the body was taken.
 */
async function headWhile(sending: Promise<void>, connection: Connection): Promise<Head> {
  const never = new Promise<never>(() => {});
  const failed = sending.then(
    () => never,
    (error: unknown) => {
      if (connection.closed) return never;
      throw error;
    },
  );
  const { status, headers } = await Promise.race([readHead(connection.incoming), failed]);
  return { status, headers: new Map([...headers, ['connection', 'close']]) };
}

const tooNew = /^client version \S+ is too new\. Maximum supported API version is (\d+\.\d+)/;

async function send(
  connection: Connection,
  method: string,
  target: string,
  options: RequestOptions,
  extra: Record<string, string>,
): Promise<void> {
  const headers: Record<string, string> = {
    Host: 'api.moby.localhost',
    'User-Agent': `Gantry-Client/${clientVersion} (linux)`,
    ...extra,
    ...options.headers,
  };
  const { body } = options;
  if (body && 'json' in body) {
    const payload = encoder.encode(`${JSON.stringify(body.json)}\n`);
    headers['Content-Type'] = 'application/json';
    headers['Content-Length'] = String(payload.length);
    return connection.write(joined(requestHead(method, target, headers), payload));
  }
  if (!body) {
    if (method === 'POST') headers['Content-Length'] = '0';
    return connection.write(requestHead(method, target, headers));
  }
  headers['Content-Type'] = body.type;
  headers['Transfer-Encoding'] = 'chunked';
  await connection.write(requestHead(method, target, headers));
  await sendChunks(connection, body.stream);
}

/** Stops early, without error, when the daemon answers before it has read everything. */
async function sendChunks(connection: Connection, stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of stream) {
    if (chunk.length === 0) continue;
    if (connection.closed) return;
    await connection.write(joined(encoder.encode(`${chunk.length.toString(16)}\r\n`), chunk, crlf));
  }
  await connection.write(encoder.encode('0\r\n\r\n'));
}

const crlf = encoder.encode('\r\n');

function requestHead(method: string, target: string, headers: Record<string, string>): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return encoder.encode(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Options that are undefined, false or empty are left out, as Docker's client does; true is 1. */
export function queryText(query: Query | undefined): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === false || value === '') continue;
    const values = typeof value === 'object' ? value : [value === true ? '1' : String(value)];
    for (const one of values) pairs.push(`${name}=${encodeURIComponent(one)}`);
  }
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function errorText(head: Head, body: string): string {
  if (head.headers.get('content-type')?.startsWith('application/json')) {
    try {
      const parsed: unknown = JSON.parse(body);
      if (typeof parsed === 'object' && parsed !== null && 'message' in parsed && parsed.message)
        return String(parsed.message);
    } catch {
      // Not what it claims to be: shown as it is.
    }
  }
  return body.trim() || `request returned ${head.status}`;
}

function nobodyListens(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'FailedToOpenSocket';
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function older(a: string, b: string): boolean {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor === bMajor ? aMinor < bMinor : aMajor < bMajor;
}
