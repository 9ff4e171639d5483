/** containerd's hosts.toml (containerd, docs/hosts.md): where a registry's content may be had besides the registry. */
import { isAbsolute, join } from 'node:path';
import { invalid, messageOf } from '../../lib/errors.ts';

export type Capability = 'pull' | 'resolve' | 'push';
const capabilities: readonly Capability[] = ['pull', 'resolve', 'push'];

export interface HostEntry {
  /** `scheme://host[:port][/path]`; null for the registry itself when the file does not name a server. */
  url: URL | null;
  capabilities: readonly Capability[];
  /** Paths, absolute. */
  ca: readonly string[];
  /** Paths; `key` is null when `cert` holds both. */
  client: readonly { cert: string; key: string | null }[];
  skipVerify: boolean;
  headers: Readonly<Record<string, string>>;
  /** The URL's path is the API's root; else `/v2` is added to it. */
  overridePath: boolean;
}

export interface HostsFile {
  /** Every `[host]`, in its order. */
  hosts: (HostEntry & { url: URL })[];
  /** `server`, and what stands outside every `[host]`: the registry itself. */
  server: HostEntry;
}

/** `directory` is where relative paths begin. Throws invalid. */
export function parseHostsToml(text: string, directory: string): HostsFile {
  const file = document(text);
  const hosts = Object.entries(table(file.host ?? {}, 'host')).map(([name, value]) => {
    const url = serverUrl(name);
    return { ...entry(url, table(value, `host.${name}`), directory), url };
  });
  const server = file.server === undefined ? null : serverUrl(string(file.server, 'server'));
  return { hosts, server: entry(server, file, directory) };
}

type Table = Record<string, unknown>;

function document(text: string): Table {
  try {
    return Bun.TOML.parse(text) as Table;
  } catch (error) {
    throw invalid(`failed to parse hosts.toml: ${messageOf(error)}`, { cause: error });
  }
}

function entry(url: URL | null, from: Table, directory: string): HostEntry {
  const path = (value: unknown, name: string) => {
    const text = string(value, name);
    return isAbsolute(text) ? text : join(directory, text);
  };
  return {
    url,
    capabilities:
      from.capabilities === undefined
        ? capabilities
        : strings(from.capabilities, 'capabilities').map(capability),
    ca: from.ca === undefined ? [] : list(from.ca).map((value) => path(value, 'ca')),
    client: clients(from.client).map((pair) => ({
      cert: path(pair[0], 'client'),
      key: pair[1] === undefined || pair[1] === '' ? null : path(pair[1], 'client'),
    })),
    skipVerify: boolean(from.skip_verify, 'skip_verify'),
    headers: headers(from.header),
    overridePath: boolean(from.override_path, 'override_path'),
  };
}

/** A path, a list of paths, or a list of [certificate, key]. */
function clients(value: unknown): unknown[][] {
  if (value === undefined) return [];
  return list(value).map((item) => (Array.isArray(item) ? item : [item]));
}

function capability(text: string): Capability {
  const known = capabilities.find((name) => name === text.toLowerCase());
  if (known === undefined) throw invalid(`hosts.toml: unknown capability ${JSON.stringify(text)}`);
  return known;
}

/** Values may be a string or a list of strings. */
function headers(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  return Object.fromEntries(
    Object.entries(table(value, 'header')).map(([name, text]) => [
      headerPart(name),
      headerPart(
        list(text)
          .map((item) => string(item, `header.${name}`))
          .join(', '),
      ),
    ]),
  );
}

function headerPart(text: string): string {
  if (/[\x00-\x1f\x7f]/.test(text)) throw invalid('hosts.toml: a header has control characters');
  return text;
}

/** Without a scheme it is HTTPS. */
function serverUrl(text: string): URL {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null || url.hostname === '') throw invalid(`hosts.toml: invalid host ${JSON.stringify(text)}`);
  if (url.username !== '' || url.password !== '')
    throw invalid('hosts.toml: a host may not hold credentials');
  return url;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
const strings = (value: unknown, name: string) => list(value).map((item) => string(item, name));

function string(value: unknown, name: string): string {
  if (typeof value !== 'string') throw invalid(`hosts.toml: ${name} is not a string`);
  return value;
}

function boolean(value: unknown, name: string): boolean {
  if (value !== undefined && typeof value !== 'boolean')
    throw invalid(`hosts.toml: ${name} is not a boolean`);
  return value ?? false;
}

function table(value: unknown, name: string): Table {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`hosts.toml: ${name} is not a table`);
  return value as Table;
}
