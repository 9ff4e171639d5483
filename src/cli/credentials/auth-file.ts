/** What `config.json` says about credentials. Read only by commands that ask registries; whatever else is in it stays. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { AuthConfig } from '../../api/types/registry.ts';
import { ExitError } from '../exit.ts';

/** One entry of `auths`: its key is the address. */
export type StoredAuth = Omit<AuthConfig, 'serveraddress'>;

export interface AuthSettings {
  auths?: Record<string, StoredAuth>;
  /** Suffix of the helper program that has all credentials. */
  credsStore?: string;
  /** Suffixes of helper programs, by registry. */
  credHelpers?: Record<string, string>;
}

export const authFile = (directory: string): string => `${directory}/config.json`;

/** A file that cannot be read is an error: to go on without credentials would be to ask for something else than was meant. */
export function readAuthSettings(directory: string): AuthSettings {
  const path = authFile(directory);
  const text = readOrEmpty(path);
  return text.trim() === '' ? {} : parseSettings(text, path);
}

export function parseSettings(text: string, name: string): AuthSettings {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // The parser's message would quote the text, and with it perhaps a password.
  }
  throw new ExitError(`error loading credentials from ${name}: it is not a JSON object`);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return '';
    throw error;
  }
}

/** Replaces the file in one step; it is readable for its owner alone. A symbolic link stays one. */
export function writeAuths(directory: string, auths: Record<string, StoredAuth>): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const settings = { ...readAuthSettings(directory), auths: sorted(auths) };
  const target = resolved(authFile(directory));
  const partial = `${dirname(target)}/.config.json.${process.pid}`;
  try {
    writeFileSync(partial, JSON.stringify(settings, null, '\t'), { mode: 0o600, flag: 'wx', flush: true });
    chmodSync(partial, 0o600);
    keepOwner(target, partial);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function sorted<T>(entries: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Root may log in with another user's configuration (sudo -E). */
function keepOwner(target: string, partial: string): void {
  const owner = statSync(target, { throwIfNoEntry: false });
  if (owner && process.getuid?.() === 0) chownSync(partial, owner.uid, owner.gid);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
