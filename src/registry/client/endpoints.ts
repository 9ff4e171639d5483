/** Which hosts stand for a registry, in the order in which they are asked. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '../../lib/errors.ts';
import type { InsecureHosts } from './addresses.ts';
import { dockerCertificates, readClient, readText, registryDirectory } from './certificates.ts';
import { defaultTls, type TlsSettings } from './exchange.ts';
import { type Capability, type HostEntry, parseHostsToml } from './hosts-toml.ts';
import type { Credentials } from './model.ts';
import { httpUrl } from './urls.ts';

export interface Endpoint {
  /** The API's root with its path and no slash at the end: `https://registry-1.docker.io/v2`. */
  root: URL;
  /** HTTPS did not work and the host is insecure: the same root over HTTP may be asked. */
  mayFallBack: boolean;
  capabilities: readonly Capability[];
  tls: TlsSettings;
  /** Sent with every request to it. */
  headers: Readonly<Record<string, string>>;
  /** The registry a mirror is asked for (containerd's `ns`), null for the registry itself. */
  namespace: string | null;
  /** Anonymous for hosts that are not the registry: credentials are for the registry they were given for. */
  credentials: Credentials;
}

export interface EndpointOptions {
  insecure: InsecureHosts;
  mirrors: readonly string[];
  certificates: readonly string[];
}

const everything: readonly Capability[] = ['pull', 'resolve', 'push'];
const hub = 'registry-1.docker.io';

export const isHub = (domain: string): boolean => domain === 'docker.io' || domain === 'index.docker.io';

export interface Endpoints {
  /** In the order in which they are asked, before the server. */
  mirrors: Endpoint[];
  /** The registry itself. */
  server: Endpoint;
}

/** Throws invalid for settings that cannot be read. */
export function endpointsOf(domain: string, credentials: Credentials, options: EndpointOptions): Endpoints {
  const name = isHub(domain) ? 'docker.io' : domain;
  const registry = isHub(domain) ? hub : domain;
  const directory = registryDirectory(options.certificates, name);
  const file = directory === null ? null : join(directory, 'hosts.toml');
  const daemons = isHub(domain) ? options.mirrors.map((mirror) => mirrorOf(mirror, name, options)) : [];
  if (directory === null || file === null || !existsSync(file))
    return { mirrors: daemons, server: direct(registry, directory, credentials, options) };
  const { hosts, server } = parseHostsToml(readText(file), directory);
  const owner = { name, registry, credentials };
  return {
    mirrors: [...daemons, ...hosts.map((entry) => mirrorEntry(entry, owner, options))],
    server: serverEntry(server, owner, options),
  };
}

function direct(
  host: string,
  directory: string | null,
  credentials: Credentials,
  { insecure }: EndpointOptions,
): Endpoint {
  const certificates = directory === null ? {} : dockerCertificates(directory);
  return {
    root: rootOf(registryUrl(`https://${host}`), false),
    mayFallBack: insecure.has(host),
    capabilities: everything,
    tls: { ...defaultTls, ...certificates, verify: !insecure.has(host) },
    headers: {},
    namespace: null,
    credentials,
  };
}

interface Registry {
  name: string;
  registry: string;
  credentials: Credentials;
}

function serverEntry(
  entry: HostEntry,
  { registry, credentials }: Registry,
  { insecure }: EndpointOptions,
): Endpoint {
  const url = entry.url ?? registryUrl(`https://${registry}`);
  return {
    ...fromEntry(entry, url, insecure),
    mayFallBack: entry.url === null && insecure.has(url.host),
    namespace: null,
    credentials,
  };
}

/** A `[host]` other than the registry gets no credentials: hosts.toml can give it a header of its own. */
function mirrorEntry(
  entry: HostEntry & { url: URL },
  { name, registry, credentials }: Registry,
  { insecure }: EndpointOptions,
): Endpoint {
  const same = entry.url.host === registry && entry.url.protocol === 'https:';
  return {
    ...fromEntry(entry, entry.url, insecure),
    mayFallBack: false,
    namespace: same ? null : name,
    credentials: same ? credentials : { kind: 'anonymous' },
  };
}

function fromEntry(entry: HostEntry, url: URL, insecure: InsecureHosts) {
  const [client] = entry.client;
  return {
    root: rootOf(url, entry.overridePath),
    capabilities: entry.capabilities,
    tls: {
      verify: !entry.skipVerify && !insecure.has(url.host),
      ca: entry.ca.map(readText),
      client: client === undefined ? null : readClient(client.cert, client.key ?? client.cert),
    },
    headers: entry.headers,
  };
}

/** Settings of the daemon name mirrors by URL; certificates for them are looked up by their host. They are never pushed to. */
function mirrorOf(text: string, name: string, options: EndpointOptions): Endpoint {
  const url = registryUrl(text.includes('://') ? text : `https://${text}`);
  const directory = registryDirectory(options.certificates, url.host);
  const certificates = directory === null ? {} : dockerCertificates(directory);
  return {
    root: rootOf(url, false),
    mayFallBack: false,
    capabilities: ['pull', 'resolve'],
    tls: { ...defaultTls, ...certificates, verify: !options.insecure.has(url.host) },
    headers: {},
    namespace: name,
    credentials: { kind: 'anonymous' },
  };
}

function registryUrl(text: string): URL {
  const url = httpUrl(text);
  if (url === null || url.hostname === '') throw invalid(`invalid registry address ${JSON.stringify(text)}`);
  if (url.username !== '' || url.password !== '')
    throw invalid(`invalid registry address: ${url.host} comes with credentials`);
  return url;
}

function rootOf(server: URL, overridePath: boolean): URL {
  const root = new URL(server);
  const path = server.pathname.replace(/\/+$/, '');
  root.pathname = overridePath || path.endsWith('/v2') ? path : `${path}/v2`;
  root.search = '';
  root.hash = '';
  return root;
}
