import { beforeAbort } from '../../lib/abort.ts';
import { EngineError } from '../../lib/errors.ts';
import type { Authorizer } from './authorizer.ts';
import { parseChallenges } from './challenge.ts';
import { connectionFailure, requestWords } from './connection-failure.ts';
import type { Endpoint } from './endpoints.ts';
import type { Answer, Body, Exchange, Method } from './exchange.ts';
import { following, foreignTls, isOwnHost } from './redirects.ts';
import { refusedBy } from './registry-failure.ts';
import { Attempts, type Clock } from './retries.ts';
import type { Transport } from './transport.ts';

export interface Ask {
  method: Method;
  /** Below the API's root: `<repository>/manifests/latest`; "" is the root itself. A URL is asked as it is. */
  path: string | URL;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Body;
  /** What a token must be for. */
  scopes: readonly string[];
  /** Statuses from 300 up that are answers, not errors. */
  also?: readonly number[];
  patience?: number;
  signal: AbortSignal;
}

/** What hosts have in common. */
export interface HostContext {
  transport: Pick<Transport, 'send'>;
  clock: Clock;
  attempts: number;
  insecure(host: string): boolean;
  /** Hosts that turned out to speak only HTTP. */
  plain: Set<string>;
  /** Mirrors that could not be reached, and until when (milliseconds since the epoch) they are not asked again. */
  avoided: Map<string, number>;
}

/** Milliseconds for which a mirror that could not be reached is left alone. */
const avoidance = 60_000;

/** One host that is asked: HTTPS or HTTP, authentication, redirects, another try. */
export class Host {
  constructor(
    readonly endpoint: Endpoint,
    private readonly authorizer: Authorizer,
    private readonly context: HostContext,
  ) {}

  /** Tried as often as the settings say. Throws what the registry answered, with RegistryFailure, or unavailable when it did not. */
  ask(ask: Ask): Promise<Answer> {
    return this.attempts(ask.signal).run(() => this.askOnce(ask));
  }

  attempts(signal: AbortSignal): Attempts {
    return new Attempts(this.context.attempts, this.context.clock, signal);
  }

  async askOnce(ask: Ask): Promise<Answer> {
    const answer = await this.#authorized(ask);
    if (answer.status < 300 || ask.also?.includes(answer.status)) return answer;
    throw await refusedBy(answer);
  }

  /** Whether `url` is this registry: credentials may go there. */
  owns(url: URL): boolean {
    return isOwnHost(this.#root(), url);
  }

  get isAvoided(): boolean {
    return (this.context.avoided.get(this.endpoint.root.host) ?? 0) > this.context.clock.now();
  }

  /** A mirror that does not answer would cost every blob of an image the same wait. */
  avoidAfter(error: unknown): void {
    const failure = connectionFailure(error)?.connection;
    if (failure === 'unreachable' || failure === 'unknownHost' || failure === 'stalled')
      this.context.avoided.set(this.endpoint.root.host, this.context.clock.now() + avoidance);
  }

  /** A registry behind a proxy that ends TLS may not know that it is asked over HTTPS: what it says of itself is asked over HTTPS all the same. */
  secured(url: URL): URL {
    const root = this.#root();
    if (root.protocol !== 'https:' || url.protocol !== 'http:' || url.host !== root.host) return url;
    const secured = new URL(url);
    secured.protocol = 'https:';
    return secured;
  }

  /** A 401 is a question; it is answered once for each request. */
  async #authorized(ask: Ask): Promise<Answer> {
    const sent = await this.#header(ask);
    const answer = await this.#reachable(ask, sent);
    if (answer.status !== 401 || !this.owns(answer.url)) return answer;
    const challenges = parseChallenges(answer.header('www-authenticate'));
    if (!this.authorizer.learn(challenges, ask.scopes, sent)) return answer;
    answer.discard();
    return this.#send(ask, await this.#header(ask));
  }

  async #header(ask: Ask): Promise<string | null> {
    if (!this.owns(this.#url(ask))) return null;
    try {
      // The token may serve others too: it is asked for to the end.
      return await beforeAbort(this.authorizer.header(ask.scopes), ask.signal);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const request = requestWords({ method: ask.method, url: this.#url(ask) });
      throw new EngineError(error.kind, `${request}: ${error.message}`, { cause: error.cause });
    }
  }

  /**
   * HTTPS first, then HTTP where that is allowed, as Docker does. A host is remembered for speaking only HTTP once it has answered that
   * way, and asked again when nobody is there: it may come back with TLS.
   */
  async #reachable(ask: Ask, header: string | null): Promise<Answer> {
    const { plain } = this.context;
    const { root, mayFallBack } = this.endpoint;
    const { protocol } = this.#root();
    try {
      return await this.#send(ask, header);
    } catch (error) {
      const failure = connectionFailure(error)?.connection;
      if (protocol === 'http:' && failure === 'unreachable') plain.delete(root.host);
      const isPlain = failure === 'noTls' || failure === 'unreachable';
      if (!mayFallBack || !isPlain || protocol === 'http:' || typeof ask.path !== 'string') throw error;
    }
    const answer = await this.#send(ask, header, 'http:');
    plain.add(root.host);
    return answer;
  }

  #send(ask: Ask, authorization: string | null, protocol?: 'http:'): Promise<Answer> {
    const { transport, insecure } = this.context;
    const url = this.#url(ask, protocol);
    const own = protocol !== undefined || this.owns(url);
    const exchange: Exchange = {
      method: ask.method,
      url,
      headers: {
        ...(own && this.endpoint.headers),
        ...ask.headers,
        ...(authorization !== null && { Authorization: authorization }),
      },
      body: ask.body,
      signal: ask.signal,
      patience: ask.patience,
    };
    const { tls } = this.endpoint;
    const settings = { tls: own ? tls : foreignTls({ tls, insecure }, url), insecure };
    return following(exchange, settings, (request, requestTls) => transport.send(request, requestTls));
  }

  #url({ path, query }: Pick<Ask, 'path' | 'query'>, protocol?: 'http:'): URL {
    if (typeof path !== 'string') return path;
    const url = new URL(this.#root(protocol));
    url.pathname += `/${path}`;
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    if (this.endpoint.namespace !== null) url.searchParams.set('ns', this.endpoint.namespace);
    return url;
  }

  #root(protocol?: 'http:'): URL {
    const { root, mayFallBack } = this.endpoint;
    if (protocol === undefined && !(mayFallBack && this.context.plain.has(root.host))) return root;
    const plain = new URL(root);
    plain.protocol = 'http:';
    return plain;
  }
}
