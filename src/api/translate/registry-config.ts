/** X-Registry-Config: the credentials of every registry that a build may ask. */
import { domainOfAddress } from '../../lib/registry-host.ts';
import type { Credentials } from '../../registry/client/model.ts';
import { registryAuthOf } from './registry-auth.ts';

/** base64 of a map from address to AuthConfig. As with X-Registry-Auth, what cannot be read counts as none. */
export function decodeRegistryConfig(header: string): (host: string) => Credentials {
  const known = new Map<string, Credentials>();
  for (const [address, value] of entriesOf(header)) {
    try {
      known.set(domainOfAddress(address), registryAuthOf(value).credentials);
    } catch {
      // One bad entry does not take the others with it.
    }
  }
  return (host) => known.get(domainOfAddress(host)) ?? { kind: 'anonymous' };
}

function entriesOf(header: string): [string, unknown][] {
  if (header.trim() === '') return [];
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  } catch {
    return [];
  }
}
