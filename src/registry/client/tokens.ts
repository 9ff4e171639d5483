/** Token servers: distribution's token specification (GET) and its OAuth2 companion (POST). */
import { unauthorized, unavailable } from '../../lib/errors.ts';
import { requestWords } from './connection-failure.ts';
import { type Answer, bytesBody, type Exchange, type TlsSettings } from './exchange.ts';
import type { Credentials } from './model.ts';
import { following, foreignTls } from './redirects.ts';
import { refusedBy } from './registry-failure.ts';
import { httpUrl, withoutUser } from './urls.ts';

export interface Token {
  value: string;
  /** Seconds. */
  lifetime: number;
  /** A refresh token; "" unless one was asked for and given. */
  identity: string;
}

export interface TokenRequest {
  realm: string;
  service: string;
  scopes: readonly string[];
  credentials: Credentials;
  /** Ask for a refresh token as well. */
  offline: boolean;
  signal: AbortSignal;
}

export interface TokenContext {
  send(exchange: Exchange, tls: TlsSettings): Promise<Answer>;
  /** The registry's own TLS settings: token servers are often behind the same authority. */
  tls: TlsSettings;
  registry: URL;
  insecure(host: string): boolean;
}

const clientId = 'gantry';
const tokenLimit = 1 << 20;
/** What a token server that does not say means, and the least it can mean. */
const shortestLifetime = 60;
/** Token servers that know only the other form answer one of these; 401 and 403 are about the credentials, not about the form. */
const otherForm = new Set([400, 404, 405]);

/** Throws unauthorized or what the server said. The password or refresh token goes to HTTPS, or to HTTP on hosts that are insecure anyway. */
export async function fetchToken(request: TokenRequest, context: TokenContext): Promise<Token> {
  const realm = realmOf(request, context);
  const { credentials } = request;
  if (credentials.kind === 'identity')
    return accepted(await post(realm, request, context, refreshForm(credentials.token)));
  const answer = await get(realm, request, context);
  if (credentials.kind !== 'basic' || !otherForm.has(answer.status)) return accepted(answer);
  answer.discard();
  return accepted(await post(realm, request, context, passwordForm(credentials)));
}

function realmOf({ realm, credentials }: TokenRequest, { insecure }: TokenContext): URL {
  const url = httpUrl(realm);
  if (url === null) throw unavailable('invalid token server: the realm is not an http or https URL');
  if (credentials.kind !== 'anonymous' && url.protocol === 'http:' && !insecure(url.host))
    throw unauthorized(`refusing to send credentials to ${url.origin}: the token server does not use HTTPS`);
  return withoutUser(url);
}

function get(realm: URL, request: TokenRequest, context: TokenContext): Promise<Answer> {
  const { service, scopes, credentials, offline, signal } = request;
  const url = new URL(realm);
  if (service !== '') url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', clientId);
  }
  const headers: Record<string, string> = {};
  if (credentials.kind === 'basic') {
    url.searchParams.set('account', credentials.username);
    headers.Authorization = basicHeader(credentials);
  }
  return exchange({ method: 'GET', url, headers, signal }, context);
}

type Form = Record<string, string>;
const refreshForm = (token: string): Form => ({ grant_type: 'refresh_token', refresh_token: token });
const passwordForm = ({ username, password }: { username: string; password: string }): Form => ({
  grant_type: 'password',
  username,
  password,
});

function post(url: URL, request: TokenRequest, context: TokenContext, grant: Form): Promise<Answer> {
  const form = new URLSearchParams({
    ...grant,
    service: request.service,
    client_id: clientId,
    ...(request.scopes.length > 0 && { scope: request.scopes.join(' ') }),
    ...(request.offline && { access_type: 'offline' }),
  });
  const bytes = Buffer.from(form.toString());
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return exchange({ method: 'POST', url, headers, body: bytesBody(bytes), signal: request.signal }, context);
}

function exchange(request: Exchange, { send, tls, registry, insecure }: TokenContext): Promise<Answer> {
  const own = request.url.host === registry.host;
  const settings = { insecure, tls: own ? tls : foreignTls({ tls, insecure }, request.url) };
  return following(request, settings, send);
}

async function accepted(answer: Answer): Promise<Token> {
  if (answer.status !== 200) throw await refusedBy(answer);
  const fields = document(await answer.document(tokenLimit));
  const value = fields.token || fields.access_token;
  // It becomes a header.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
    throw unavailable(
      `${requestWords(answer)}: authorization server did not include a token in the response`,
    );
  const lifetime = Number(fields.expires_in);
  return {
    value,
    lifetime: Number.isFinite(lifetime) ? Math.max(lifetime, shortestLifetime) : shortestLifetime,
    identity: typeof fields.refresh_token === 'string' ? fields.refresh_token : '',
  };
}

/** The text stays out of errors: it may hold a token. */
function document(bytes: Buffer): Record<string, unknown> {
  try {
    return Object(JSON.parse(bytes.toString())) as Record<string, unknown>;
  } catch {
    return {};
  }
}

export function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
