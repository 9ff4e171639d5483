/**
 * Where credentials are: in the environment, with a helper program, or in `config.json`. A helper that is configured and fails is an
 * error everywhere: nothing falls back to the file, and nothing goes on without credentials.
 */
import type { AuthConfig } from '../../api/types/registry.ts';
import { hostOfAddress, hubAddress } from '../../lib/registry-host.ts';
import { ExitError } from '../exit.ts';
import {
  type AuthSettings,
  parseSettings,
  readAuthSettings,
  type StoredAuth,
  writeAuths,
} from './auth-file.ts';
import { eraseFromHelper, getFromHelper, storeInHelper, tokenUser } from './helper.ts';

/** The key of a registry: its host, or for Docker Hub the address of its index. */
export function keyOf(domain: string): string {
  return domain === 'docker.io' ? hubAddress : domain;
}

/** null when there are none for this registry. */
export async function findCredentials(directory: string, key: string): Promise<AuthConfig | null> {
  const given = environment();
  const fromEnvironment = given && findStored(given.settings, key, given.name);
  if (fromEnvironment) return fromEnvironment;
  const settings = readAuthSettings(directory);
  const helper = helperOf(settings, key);
  if (helper === null) return findStored(settings, key, directory);
  const found = await getFromHelper(helper, key);
  if (found === null) return null;
  return found.Username === tokenUser
    ? { serveraddress: key, identitytoken: found.Secret }
    : { username: found.Username, password: found.Secret, serveraddress: key };
}

/** Where they went. */
export type Stored = 'helper' | 'file' | 'unchanged';

export async function storeCredentials(directory: string, key: string, auth: AuthConfig): Promise<Stored> {
  const settings = readAuthSettings(directory);
  const helper = helperOf(settings, key);
  if (helper === null) return storeInFile(directory, settings, key, auth);
  const { username = '', password = '', identitytoken } = auth;
  await storeInHelper(helper, {
    ServerURL: key,
    Username: identitytoken ? tokenUser : username,
    Secret: identitytoken || password,
  });
  // The entry tells other tools that there is something; what was there in plain text is gone.
  writeAuths(directory, { ...settings.auths, [key]: {} });
  return 'helper';
}

export async function eraseCredentials(directory: string, key: string): Promise<void> {
  const settings = readAuthSettings(directory);
  const helper = helperOf(settings, key);
  if (helper !== null) await eraseFromHelper(helper, key);
  if (!Object.hasOwn(settings.auths ?? {}, key)) return;
  const { [key]: _erased, ...others } = settings.auths ?? {};
  writeAuths(directory, others);
}

function helperOf(settings: AuthSettings, key: string): string | null {
  return settings.credHelpers?.[key] || settings.credsStore || null;
}

/** A `config.json` in a variable goes before everything else, for the registries it names. */
export function environment(): { name: string; settings: AuthSettings } | null {
  for (const name of ['GANTRY_AUTH_CONFIG', 'DOCKER_AUTH_CONFIG']) {
    const text = process.env[name];
    if (text) return { name, settings: parseSettings(text, name) };
  }
  return null;
}

function storeInFile(directory: string, settings: AuthSettings, key: string, given: AuthConfig): Stored {
  const { username = '', password = '', identitytoken } = given;
  const entry: StoredAuth = {
    ...((username || password) && { auth: Buffer.from(`${username}:${password}`).toString('base64') }),
    ...(identitytoken && { identitytoken }),
  };
  if (Bun.deepEquals(settings.auths?.[key], entry)) return 'unchanged';
  writeAuths(directory, { ...settings.auths, [key]: entry });
  return 'file';
}

/** Older clients kept whole URLs as keys. */
function findStored({ auths = {} }: AuthSettings, key: string, where: string): AuthConfig | null {
  const name = Object.hasOwn(auths, key) ? key : Object.keys(auths).find((one) => hostOfAddress(one) === key);
  if (name === undefined) return null;
  const entry = auths[name] ?? {};
  const { auth, username, password, identitytoken, registrytoken } = entry;
  const pair = auth ? decodePair(auth, key, where) : { username, password };
  const found = { ...pair, identitytoken, registrytoken };
  return Object.values(found).some(Boolean) ? { ...found, serveraddress: name } : null;
}

function decodePair(auth: string, key: string, where: string): { username: string; password: string } {
  const text = /^[A-Za-z0-9+/]*={0,2}$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon <= 0)
    throw new ExitError(`invalid credentials for ${key} in ${where}: auth is not username:password`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
