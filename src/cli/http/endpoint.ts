/** Where the daemon listens, and how that is found: -H, GANTRY_HOST, DOCKER_HOST, the current context, the default. */
import { ExitError } from '../exit.ts';

export type Endpoint =
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number; tls: TlsFiles | null };

/** Paths of PEM files. `verify` false = encrypt only. */
export interface TlsFiles {
  verify: boolean;
  ca: string;
  cert: string;
  key: string;
}

export const defaultHost = 'unix:///run/gantry/gantry.sock';

const defaultPort = 2375;
const defaultTlsPort = 2376;

/** Parses `unix:///path`, `tcp://host:port` (also `http://`, `https://`). */
export function parseHost(host: string, tls: TlsFiles | null): Endpoint {
  const invalid = () => new ExitError(`unable to parse docker host \`${host}\``);
  const at = host.indexOf('://');
  if (at < 0) throw invalid();
  const scheme = host.slice(0, at);
  const rest = host.slice(at + 3);
  if (scheme === 'unix') {
    if (rest === '') throw invalid();
    return { kind: 'unix', path: rest };
  }
  if (scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') throw invalid();
  const address = rest.replace(/\/.*$/, '');
  const match = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(address);
  if (!match) throw invalid();
  const port = match[2] ? Number(match[2]) : tls ? defaultTlsPort : defaultPort;
  const name = (match[1] ?? '').replace(/^\[|\]$/g, '');
  return { kind: 'tcp', host: name || '127.0.0.1', port, tls };
}

/** The name a user gave the host by, for messages. */
export function describeEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return `unix://${endpoint.path}`;
  return `tcp://${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}
