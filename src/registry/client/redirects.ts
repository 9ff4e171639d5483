import { invalid } from '../../lib/errors.ts';
import { requestWords } from './connection-failure.ts';
import { type Answer, defaultTls, type Exchange, type TlsSettings } from './exchange.ts';
import { httpUrl, withoutUser } from './urls.ts';

const limit = 10;
const redirects = new Set([301, 302, 303, 307, 308]);

export type Send = (exchange: Exchange, tls: TlsSettings) => Promise<Answer>;

/**
 * Sends, and goes where the answer points. Only requests without a body are sent on; other answers that point elsewhere come back as
 * they are.
 */
export async function following(exchange: Exchange, settings: RedirectSettings, send: Send): Promise<Answer> {
  let current = exchange;
  let tls = settings.tls;
  for (let hop = 0; ; hop++) {
    const answer = await send(current, tls);
    const to = target(answer, current);
    if (to === null) return answer;
    answer.discard();
    if (hop === limit) throw invalid(`${requestWords(exchange)}: stopped after ${limit} redirects`);
    current = redirected(current, to);
    if (!isOwnHost(exchange.url, to)) tls = foreignTls(settings, to);
  }
}

export interface RedirectSettings {
  tls: TlsSettings;
  /** Whether a host (`host[:port]`) needs no verified certificate. */
  insecure: (host: string) => boolean;
}

function target(answer: Answer, { method, url, body }: Exchange): URL | null {
  const location = answer.header('location');
  if (!redirects.has(answer.status) || location === '' || body !== undefined) return null;
  const repeatable = method === 'GET' || method === 'HEAD';
  if (!repeatable && answer.status !== 307 && answer.status !== 308) return null;
  const to = httpUrl(location, url.href);
  if (to === null)
    throw invalid(`${requestWords({ method, url })}: redirect to a location that is not http or https`);
  return to;
}

/**
 * The same request for another place. Whatever says who we are stays with the host it was for, and off plain HTTP when it was for HTTPS
 * (CVE-2020-15157); it does not come back when a later redirect does.
 */
export function redirected(exchange: Exchange, to: URL): Exchange {
  return {
    ...exchange,
    url: withoutUser(to),
    headers: isOwnHost(exchange.url, to) ? exchange.headers : publicHeaders(exchange),
  };
}

export function isOwnHost(from: URL, to: URL): boolean {
  return from.host === to.host && (from.protocol === to.protocol || to.protocol === 'https:');
}

/** What may be told to anybody. Headers from hosts.toml are not: there may be keys among them. */
const publicNames = new Set(['accept', 'range', 'if-range']);

function publicHeaders({ headers }: Exchange): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => publicNames.has(name.toLowerCase())));
}

/** A registry's own authority often signs for its storage too; its client certificate and its exemption from verification are not for others. */
export function foreignTls({ tls, insecure }: RedirectSettings, to: URL): TlsSettings {
  return { ...defaultTls, ca: tls.ca, verify: !insecure(to.host) };
}
