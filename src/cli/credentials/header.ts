/** The credentials that go along with a request which makes the daemon ask a registry. */
import type { AuthConfig } from '../../api/types/registry.ts';
import { findCredentials, keyOf } from './store.ts';

/** `domain` as in image names: docker.io, localhost:5000. */
export async function registryAuth(directory: string, domain: string): Promise<Record<string, string>> {
  const found = await findCredentials(directory, keyOf(domain));
  return { 'X-Registry-Auth': encodeAuth(found ?? {}) };
}

/** base64url with padding (RFC 4648, section 5) of the JSON, as Go reads it. */
export function encodeAuth(auth: AuthConfig): string {
  const { username, password, serveraddress, identitytoken, registrytoken } = auth;
  const filled = Object.entries({ username, password, serveraddress, identitytoken, registrytoken }).filter(
    ([, value]) => value,
  );
  const text = Buffer.from(JSON.stringify(Object.fromEntries(filled))).toString('base64');
  return text.replaceAll('+', '-').replaceAll('/', '_');
}
