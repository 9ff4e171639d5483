/** Which proxy a request goes through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go's golang.org/x/net/http/httpproxy reads them. */
import { isIP } from 'node:net';
import { invalid } from '../../lib/errors.ts';
import { bareHost, inRange, isLoopback, parseRange } from './addresses.ts';
import { httpUrl } from './urls.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy's URL, or null for a direct connection. Loopback is always direct. Throws invalid for a proxy of another kind than HTTP(S). */
export function proxyFor(url: URL, environment: Environment): string | null {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = environment[name] || environment[name.toLowerCase()] || '';
  if (proxy === '' || isLoopback(url.hostname)) return null;
  const exceptions = environment.NO_PROXY || environment.no_proxy || '';
  if (exceptions.split(',').some((exception) => exempts(exception.trim().toLowerCase(), url))) return null;
  return proxyUrl(name, proxy);
}

function proxyUrl(name: string, text: string): string {
  const url = httpUrl(text.includes('://') ? text : `http://${text}`);
  // The text stays out of the message: it may hold a password.
  if (url === null) throw invalid(`${name} does not name an http or https proxy`);
  return url.href;
}

/** One entry of NO_PROXY: `*`, an address, a CIDR, `host`, `.domain`, each but the first two with an optional port. */
function exempts(exception: string, url: URL): boolean {
  if (exception === '') return false;
  if (exception === '*') return true;
  const host = bareHost(url.hostname);
  const range = parseRange(exception);
  if (range !== null) return inRange(host, range);
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(exception) ?? [];
  if (port !== undefined && port !== (url.port || defaultPort(url))) return false;
  const domain = name.replace(/^\*\./, '.');
  if (isIP(host) !== 0) return host === domain;
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

const defaultPort = (url: URL) => (url.protocol === 'https:' ? '443' : '80');
