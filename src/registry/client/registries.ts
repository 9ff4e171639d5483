import { unauthorized } from '../../lib/errors.ts';
import { domainOfAddress, splitTerm } from '../../lib/registry-host.ts';
import { InsecureHosts } from './addresses.ts';
import { Authorizer, type TokenSource } from './authorizer.ts';
import { type Endpoint, type Endpoints, endpointsOf, isHub } from './endpoints.ts';
import { defaultTls } from './exchange.ts';
import { Host, type HostContext } from './host.ts';
import type {
  Credentials,
  Registries,
  RegistryFailure,
  RegistryOptions,
  Repository,
  SearchResult,
} from './model.ts';
import type { Environment } from './proxies.ts';
import { Recent } from './recent.ts';
import { RemoteRepository } from './repository.ts';
import { type Clock, systemClock } from './retries.ts';
import { searchCatalog, searchIndex } from './search.ts';
import { fetchToken, type Token } from './tokens.ts';
import { Transport } from './transport.ts';

/** What tests set, and the daemon leaves as it is. */
export interface RegistriesParts {
  clock?: Clock;
  /** Milliseconds without a byte after which a connection counts as broken. */
  stall?: number;
  environment?: Environment;
}

/** Users and registries whose tokens are kept; the one not asked for longest goes. */
const authorizerLimit = 256;

class RegistryClient implements Registries {
  readonly #insecure: InsecureHosts;
  readonly #context: HostContext;
  readonly #authorizers = new Recent<Authorizer>(authorizerLimit);

  constructor(
    private readonly options: RegistryOptions,
    { clock = systemClock, stall = 60_000, environment = process.env }: RegistriesParts,
  ) {
    this.#insecure = new InsecureHosts(options.insecure);
    this.#context = {
      transport: new Transport({ stall, environment }),
      clock,
      attempts: options.attempts,
      insecure: (host) => this.#insecure.has(host),
      plain: new Set(),
      avoided: new Map(),
    };
  }

  repository(
    name: { domain: string; path: string },
    { credentials, actions }: { credentials: Credentials; actions: 'pull' | 'push' },
  ): Repository {
    const { mirrors, server } = this.#endpoints(name.domain, credentials);
    const usable = [...mirrors, server].filter(
      ({ capabilities }) => actions === 'pull' || capabilities.includes('push'),
    );
    return new RemoteRepository(
      usable.map((endpoint) => this.#host(endpoint)),
      name.path,
      actions,
    );
  }

  async login(
    address: string,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<{ status: string; identityToken: string }> {
    const { server: endpoint } = this.#endpoints(domainOfAddress(address.trim()), credentials);
    let identityToken = '';
    const source: TokenSource = async (...request) => {
      const token = await this.#token(endpoint, true)(...request);
      identityToken = token.identity;
      return token;
    };
    // Not one of those that are kept: their tokens would vouch for a password that is no longer right.
    const host = new Host(endpoint, new Authorizer(credentials, source, this.#context.clock), this.#context);
    const answer = await host.ask({ method: 'GET', path: '', also: [401], scopes: [], signal });
    answer.discard();
    if (answer.status === 401)
      throw unauthorized(
        `login attempt to ${answer.url.origin}${answer.url.pathname} failed with status: 401 Unauthorized`,
        { cause: { status: 401, code: 'UNAUTHORIZED', message: '' } satisfies RegistryFailure },
      );
    return { status: 'Login Succeeded', identityToken };
  }

  async search(
    text: string,
    { limit, credentials, signal }: { limit: number; credentials: Credentials; signal: AbortSignal },
  ): Promise<SearchResult[]> {
    const { domain, term } = splitTerm(text);
    const { server } = this.#endpoints(domain, credentials);
    const query = { term, limit, signal };
    const indexed = await searchIndex(this.#host(indexOf(domain, server)), query);
    return indexed ?? searchCatalog(this.#host(server), query);
  }

  #endpoints(domain: string, credentials: Credentials): Endpoints {
    return endpointsOf(domain, credentials, {
      insecure: this.#insecure,
      mirrors: this.options.mirrors,
      certificates: this.options.certificates,
    });
  }

  #host(endpoint: Endpoint): Host {
    const { credentials, root, tls } = endpoint;
    const authorizer = this.#authorizers.get(
      [root.host, credentials, tls],
      () => new Authorizer(credentials, this.#token(endpoint, false), this.#context.clock),
    );
    return new Host(endpoint, authorizer, this.#context);
  }

  /** Several requests wait for one token: it is not stopped with the first of them. */
  #token({ tls, root }: Endpoint, offline: boolean): (...request: Parameters<TokenSource>) => Promise<Token> {
    const { transport, insecure } = this.#context;
    return ({ parameters }, scopes, credentials) =>
      fetchToken(
        {
          realm: parameters.get('realm') ?? '',
          service: parameters.get('service') ?? '',
          scopes,
          credentials,
          offline,
          signal: new AbortController().signal,
        },
        { send: (exchange, settings) => transport.send(exchange, settings), tls, registry: root, insecure },
      );
  }
}

/** Docker Hub searches at another host than it serves from: what is set for one is not for the other. */
function indexOf(domain: string, server: Endpoint): Endpoint {
  if (!isHub(domain)) return { ...server, root: new URL('/v1', server.root) };
  return { ...server, root: new URL('https://index.docker.io/v1'), tls: defaultTls, headers: {} };
}

/** The registries of the world, as the daemon's settings let them be reached. Throws invalid for settings that make no sense. */
export function openRegistries(options: RegistryOptions, parts: RegistriesParts = {}): Registries {
  return new RegistryClient(options, parts);
}
