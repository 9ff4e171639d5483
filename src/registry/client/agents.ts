import http from 'node:http';
import https from 'node:https';
import { getCACertificates, rootCertificates } from 'node:tls';
import type { TlsSettings } from './exchange.ts';
import { type Environment, proxyFor } from './proxies.ts';
import { Recent } from './recent.ts';

/** Connections kept open per host, for the next request. */
const idleSockets = 4;
/** Settings change when somebody edits certs.d; what has not been used for longest goes. */
const agentLimit = 64;

/** node:http's connection pools, one for each combination of TLS settings and proxy: a connection is never used with other certificates. */
export class Agents {
  readonly #agents = new Recent<http.Agent>(agentLimit);

  constructor(private readonly environment: Environment) {}

  /** An agent that is no longer kept only keeps nothing for later: connections in use stay. */
  for(url: URL, tls: TlsSettings): http.Agent {
    const proxy = proxyFor(url, this.environment);
    return this.#agents.get([url.protocol, proxy, tls], () => make(url, tls, proxy));
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
