/** Credentials as Docker clients send them: the X-Registry-Auth header, and the body of POST /auth. */
import { domainOfAddress } from '../../lib/registry-host.ts';
import type { Credentials } from '../../registry/client/model.ts';
import { Fields } from './fields.ts';

export interface RegistryAuth {
  credentials: Credentials;
  /** The registry they are for, as image names have it; null when the client did not say. */
  domain: string | null;
}

const anonymous: RegistryAuth = { credentials: { kind: 'anonymous' }, domain: null };

/**
 * base64 (RFC 4648, either alphabet, with padding or without) of an AuthConfig. What cannot be read counts as no credentials, as
 * in Docker: clients have sent all sorts of things here.
 */
export function decodeRegistryAuth(header: string): RegistryAuth {
  if (header.trim() === '') return anonymous;
  try {
    return registryAuthOf(JSON.parse(Buffer.from(header, 'base64').toString('utf8')));
  } catch {
    return anonymous;
  }
}

/** An AuthConfig. Throws invalid where a field has the wrong type. */
export function registryAuthOf(value: unknown): RegistryAuth {
  const fields = Fields.of(value, 'AuthConfig');
  const address = fields.text('serveraddress');
  return {
    domain: address === '' ? null : domainOfAddress(address),
    credentials: credentialsOf({
      username: fields.text('username'),
      password: fields.text('password'),
      auth: fields.text('auth'),
      identity: fields.text('identitytoken'),
      bearer: fields.text('registrytoken'),
    }),
  };
}

interface Parts {
  username: string;
  password: string;
  /** base64 of username:password. */
  auth: string;
  identity: string;
  bearer: string;
}

function credentialsOf({ username, password, auth, identity, bearer }: Parts): Credentials {
  if (bearer !== '') return { kind: 'bearer', token: bearer };
  if (identity !== '') return { kind: 'identity', token: identity };
  if (username !== '') return { kind: 'basic', username, password };
  const pair = Buffer.from(auth, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon <= 0) return { kind: 'anonymous' };
  return { kind: 'basic', username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** What may be sent to the registry of `domain`: credentials that name another one stay here. */
export function credentialsFor(domain: string, auth: RegistryAuth): Credentials {
  return auth.domain === null || auth.domain === domain ? auth.credentials : anonymous.credentials;
}
