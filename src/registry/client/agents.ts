import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { getCACertificates, rootCertificates } from 'node:tls';
import type { TlsSettings } from './exchange.ts';
import { type Environment, proxyFor } from './proxies.ts';

/** Connections kept open per host, for the next request. */
const idleSockets = 4;
/** Settings change when somebody edits certs.d; what has not been used for longest goes. */
const agentLimit = 64;

/** node:http's connection pools, one for each combination of TLS settings and proxy: a connection is never used with other certificates. */
export class Agents {
  readonly #agents = new Map<string, http.Agent>();

  constructor(private readonly environment: Environment) {}

  for(url: URL, tls: TlsSettings): http.Agent {
    const proxy = proxyFor(url, this.environment);
    const key = createHash('sha256')
      .update(JSON.stringify([url.protocol, proxy, tls]))
      .digest('hex');
    const agent = this.#agents.get(key) ?? make(url, tls, proxy);
    this.#agents.delete(key);
    this.#agents.set(key, agent);
    this.#forget();
    return agent;
  }

  /** Connections in use stay: an agent that is no longer here only keeps nothing for later. */
  #forget(): void {
    const oldest = this.#agents.keys().next().value;
    if (this.#agents.size > agentLimit && oldest !== undefined) this.#agents.delete(oldest);
  }
}

function make(url: URL, tls: TlsSettings, proxy: string | null): http.Agent {
  const common = {
    keepAlive: true,
    maxFreeSockets: idleSockets,
    ...(proxy === null ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  };
  if (url.protocol !== 'https:') return new http.Agent(common);
  return new https.Agent({
    ...common,
    ca: [...systemRoots(), ...tls.ca],
    rejectUnauthorized: tls.verify,
    ...tls.client,
  });
}

/** The host's own, which its owner may have added to; what Bun brings along only where there are none. */
function systemRoots(): readonly string[] {
  const system = getCACertificates('system');
  return system.length > 0 ? system : rootCertificates;
}
