/** `<directory>/<host[:port]>/`: what the host's owner has put there for one registry. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { internal, invalid, messageOf } from '../../lib/errors.ts';
import type { TlsSettings } from './exchange.ts';

/**
 * The directory for a registry, null when nobody made one. The first of `directories` that has the host wins; `_default` counts only when
 * none has. A colon may be written `host_port_`, as containerd does.
 */
export function registryDirectory(directories: readonly string[], host: string): string | null {
  // A host never has a slash, and may not be "..": it comes from a reference, or from a login's address.
  if (!/^[\w[][\w.:[\]-]*$/.test(host)) return null;
  const names = [host.replace(/:(\d+)$/, '_$1_'), host];
  const named = directories.flatMap((directory) => names.map((name) => join(directory, name)));
  const defaults = directories.map((directory) => join(directory, '_default'));
  return [...named, ...defaults].find((path) => existsSync(path)) ?? null;
}

/** Docker's layout: `*.crt` are authorities, `NAME.cert` with `NAME.key` is the client. Throws invalid with Docker's text when one of a pair is missing. */
export function dockerCertificates(directory: string): Pick<TlsSettings, 'ca' | 'client'> {
  const names = readdirSync(directory).sort();
  const partner = (name: string, from: string, to: string) => name.slice(0, -from.length) + to;
  for (const key of names.filter((name) => name.endsWith('.key')))
    if (!names.includes(partner(key, '.key', '.cert')))
      throw invalid(`missing client certificate ${partner(key, '.key', '.cert')} for key ${key}`);
  const clients = names.filter((name) => name.endsWith('.cert'));
  for (const cert of clients)
    if (!names.includes(partner(cert, '.cert', '.key')))
      throw invalid(
        `missing key ${partner(cert, '.cert', '.key')} for client certificate ${cert}. CA certificates must use the extension .crt`,
      );
  const ca = names.filter((name) => name.endsWith('.crt')).map((name) => readText(join(directory, name)));
  const [cert] = clients;
  if (cert === undefined) return { ca, client: null };
  return { ca, client: readClient(join(directory, cert), join(directory, partner(cert, '.cert', '.key'))) };
}

export function readClient(cert: string, key: string): NonNullable<TlsSettings['client']> {
  return { cert: readText(cert), key: readText(key) };
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw internal(`open ${path}: ${messageOf(error)}`, { cause: error });
  }
}
