/** The options before the command, and the host they lead to. */
import type { Flag } from './flags/flag.ts';
import type { FlagValues } from './flags/parse.ts';
import { defaultHost, type Endpoint, parseHost, type TlsFiles } from './http/endpoint.ts';

export const globalFlags: readonly Flag[] = [
  { name: 'config', type: 'string', usage: 'Location of client config files' },
  {
    name: 'context',
    short: 'c',
    type: 'string',
    usage:
      'Name of the context to use to connect to the daemon (overrides GANTRY_HOST and DOCKER_HOST env vars and default context set with "docker context use")',
  },
  { name: 'debug', short: 'D', type: 'bool', usage: 'Enable debug mode' },
  { name: 'host', short: 'H', type: 'list', usage: 'Daemon socket to connect to' },
  {
    name: 'log-level',
    short: 'l',
    type: 'string',
    usage: 'Set the logging level ("debug", "info", "warn", "error", "fatal")',
    default: 'info',
  },
  { name: 'tls', type: 'bool', usage: 'Use TLS; implied by --tlsverify' },
  { name: 'tlscacert', type: 'string', usage: 'Trust certs signed only by this CA' },
  { name: 'tlscert', type: 'string', usage: 'Path to TLS certificate file' },
  { name: 'tlskey', type: 'string', usage: 'Path to TLS key file' },
  { name: 'tlsverify', type: 'bool', usage: 'Use TLS and verify the remote' },
  { name: 'version', short: 'v', type: 'bool', usage: 'Print version information and quit' },
];

export interface ResolvedHost {
  endpoint: Endpoint;
  /** The user named a host: no daemon is started for them. */
  named: boolean;
}

/** -H, then --context, GANTRY_HOST, DOCKER_HOST, DOCKER_CONTEXT; the default is gantry's own socket. */
export async function resolveHost(flags: FlagValues, directory: string): Promise<ResolvedHost> {
  const hosts = flags.list('host');
  if (hosts.length > 1) throw new Error('specify only one -H');
  const context = flags.string('context');
  if (hosts.length > 0 && context)
    throw new Error('conflicting options: cannot specify both --host and --context');
  const tls = tlsFiles(flags, directory);
  if (hosts[0]) return { endpoint: parseHost(hosts[0], tls), named: true };
  if (context) return named(context, directory);
  const environment = process.env.GANTRY_HOST || process.env.DOCKER_HOST;
  if (environment) return { endpoint: parseHost(environment, tls), named: true };
  if (process.env.DOCKER_CONTEXT) return named(process.env.DOCKER_CONTEXT, directory);
  return { endpoint: parseHost(defaultHost, null), named: false };
}

async function named(context: string, directory: string): Promise<ResolvedHost> {
  if (context === 'default') return { endpoint: parseHost(defaultHost, null), named: false };
  const { readContext } = await import('./context.ts');
  return { endpoint: await readContext(context, directory), named: true };
}

function tlsFiles(flags: FlagValues, directory: string): TlsFiles | null {
  const verify = flags.changed('tlsverify')
    ? flags.bool('tlsverify')
    : Boolean(process.env.DOCKER_TLS_VERIFY);
  if (!verify && !flags.bool('tls') && !process.env.DOCKER_TLS) return null;
  const folder = process.env.DOCKER_CERT_PATH || directory;
  const path = (flag: string, name: string) => flags.string(flag) || `${folder}/${name}`;
  return {
    verify,
    ca: path('tlscacert', 'ca.pem'),
    cert: path('tlscert', 'cert.pem'),
    key: path('tlskey', 'key.pem'),
  };
}
