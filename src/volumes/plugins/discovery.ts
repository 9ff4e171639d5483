/** Finds plugins as Docker does: sockets, and files that say where one listens (moby pkg/plugins/discovery.go). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, parse } from 'node:path';
import { internal, messageOf } from '../../lib/errors.ts';

/** Where a plugin listens. */
export type PluginAddress = { kind: 'unix'; path: string } | { kind: 'tcp'; url: URL; tls: PluginTls | null };

export interface PluginTls {
  verify: boolean;
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** Names become paths: what could leave the directory is no plugin's name. */
const isPluginName = (name: string) => name !== '' && name !== '.' && name !== '..' && !name.includes('/');

/** null: there is no such plugin. Throws for a file that makes no sense. */
export function findPlugin(directories: readonly string[], name: string): PluginAddress | null {
  if (!isPluginName(name)) return null;
  for (const path of candidates(directories, name, '.sock'))
    if (statSync(path, { throwIfNoEntry: false })?.isSocket()) return { kind: 'unix', path };
  for (const directory of directories)
    for (const extension of ['.spec', '.json'])
      for (const path of candidates([directory], name, extension)) {
        const text = readIfThere(path);
        if (text !== null) return extension === '.json' ? parseJson(text) : parseAddress(text.trim());
      }
  return null;
}

/** Each plugin has its files in the directory itself, or in one of its own name. */
function candidates(directories: readonly string[], name: string, extension: string): string[] {
  const file = name + extension;
  return directories.flatMap((directory) => [join(directory, file), join(directory, name, file)]);
}

export function pluginNames(directories: readonly string[]): string[] {
  const names = directories.flatMap((directory) =>
    entries(directory).flatMap((entry) => {
      const files = entry.isDirectory() ? entries(join(directory, entry.name)) : [entry];
      const wanted = entry.isDirectory() ? entry.name : parse(entry.name).name;
      return files.some((file) => parse(file.name).name === wanted && announces(file)) ? [wanted] : [];
    }),
  );
  return [...new Set(names)].sort();
}

const announces = (file: { name: string; isSocket(): boolean }) =>
  file.isSocket() || ['.spec', '.json'].includes(extname(file.name));

function entries(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readIfThere(path: string): string | null {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8') : null;
}

function parseAddress(text: string, tls: PluginTls | null = null): PluginAddress {
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1];
  if (scheme === undefined) throw internal('Unknown protocol');
  if (scheme === 'unix') return { kind: 'unix', path: text.slice('unix://'.length) };
  const secure = tls !== null || scheme === 'https';
  const address = text.slice(scheme.length + '://'.length);
  return { kind: 'tcp', url: new URL(`${secure ? 'https' : 'http'}://${address}`), tls };
}

function parseJson(text: string): PluginAddress {
  try {
    const { Addr = '', TLSConfig } = JSON.parse(text) as {
      Addr?: string;
      TLSConfig?: { InsecureSkipVerify?: boolean; CAFile?: string; CertFile?: string; KeyFile?: string };
    };
    if (!TLSConfig) return parseAddress(Addr);
    const { InsecureSkipVerify = false, CAFile = '', CertFile = '', KeyFile = '' } = TLSConfig;
    // Without an authority there is nothing to verify with, as Docker has it.
    const verify = !InsecureSkipVerify && CAFile !== '';
    return parseAddress(Addr, { verify, caFile: CAFile, certFile: CertFile, keyFile: KeyFile });
  } catch (error) {
    throw internal(messageOf(error), { cause: error });
  }
}
