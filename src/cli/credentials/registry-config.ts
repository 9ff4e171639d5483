/** The credentials of all registries, for a request that may lead to any of them. */
import type { AuthConfig } from '../../api/types/registry.ts';
import { messageOf } from '../../lib/errors.ts';
import { hostOfAddress, hubAddress } from '../../lib/registry-host.ts';
import { writeErr } from '../terminal/output.ts';
import { readAuthSettings } from './auth-file.ts';
import { environment, findCredentials } from './store.ts';

/**
 * X-Registry-Config; without it when there are none. A helper that fails is told of, and the request goes on: whether that registry is
 * needed at all, nobody knows yet.
 */
export async function registryConfig(directory: string): Promise<Record<string, string>> {
  const found: Record<string, AuthConfig> = {};
  for (const key of knownKeys(directory)) {
    try {
      const auth = await findCredentials(directory, key);
      if (auth !== null) found[key] = auth;
    } catch (error) {
      writeErr(`WARNING: going on without credentials for ${key}: ${messageOf(error)}\n`);
    }
  }
  if (Object.keys(found).length === 0) return {};
  return { 'X-Registry-Config': Buffer.from(JSON.stringify(found)).toString('base64url') };
}

function knownKeys(directory: string): Set<string> {
  const settings = readAuthSettings(directory);
  const keys = [settings.auths, settings.credHelpers, environment()?.settings.auths].flatMap((some) =>
    Object.keys(some ?? {}),
  );
  return new Set(keys.map((key) => (key === hubAddress ? key : hostOfAddress(key))));
}
