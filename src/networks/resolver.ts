/** What a container's /etc/resolv.conf says, from the host's (resolv.conf(5)). */
import { readFileSync } from 'node:fs';
import { parseAddress } from '../lib/ip.ts';

export interface Resolver {
  nameservers: string[];
  search: string[];
  options: string[];
}

const hostFile = '/etc/resolv.conf';
/** Where systemd-resolved keeps the real servers when /etc/resolv.conf names only its own stub. */
const systemdFile = '/run/systemd/resolve/resolv.conf';
/** Docker's choice for a container whose host offers no server that it could reach. */
const publicServers = ['8.8.8.8', '8.8.4.4'];
const maxBytes = 64 * 1024;

export function parseResolver(text: string): Resolver {
  const resolver: Resolver = { nameservers: [], search: [], options: [] };
  for (const line of text.slice(0, maxBytes).split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0]) resolver.nameservers.push(values[0]);
    // The last of several lines counts.
    else if (keyword === 'search' || keyword === 'domain') resolver.search = values;
    else if (keyword === 'options') resolver.options.push(...values);
  }
  return resolver;
}

const isLoopback = (server: string): boolean => server.startsWith('127.') || server === '::1';

/** As a container on an IPv4 bridge can use it: no loopback servers (they are the host's own) and no IPv6 ones. */
export function forContainer(resolver: Resolver): Resolver {
  const reachable = resolver.nameservers.filter((s) => parseAddress(s)?.family === 4 && !isLoopback(s));
  return { ...resolver, nameservers: reachable.length > 0 ? reachable : publicServers };
}

function readResolver(path: string): Resolver | null {
  try {
    return parseResolver(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** The host's resolver, past systemd-resolved's stub where a container needs that. */
export function hostResolver(read = readResolver): Resolver {
  const direct = read(hostFile) ?? { nameservers: [], search: [], options: [] };
  const stub = direct.nameservers.length > 0 && direct.nameservers.every(isLoopback);
  return (stub ? read(systemdFile) : null) ?? direct;
}

/** With the host's network the stub is reachable, so the host's file is taken as it is. */
export function resolverFor(hostNetwork: boolean): Resolver {
  if (!hostNetwork) return forContainer(hostResolver());
  return readResolver(hostFile) ?? { nameservers: publicServers, search: [], options: [] };
}
