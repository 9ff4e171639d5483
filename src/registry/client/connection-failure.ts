/** Connections that fail, in the words that Go's net/http has for it: what Docker's users know and search for. */
import { EngineError, unavailable } from '../../lib/errors.ts';
import type { Exchange } from './exchange.ts';

/** `cause` of the EngineError when there was no answer, or only half of one. */
export interface ConnectionFailure {
  connection: /** Nobody there: refused, no route, no answer to the handshake of TCP. */
    | 'unreachable'
    /** The name has no address. */
    | 'unknownHost'
    /** What answered does not speak TLS. */
    | 'noTls'
    /** It does, but cannot be trusted, or does not trust us. */
    | 'untrusted'
    /** Cut while in use. */
    | 'broken'
    /** Open, but no byte came for too long. */
    | 'stalled';
  /** The runtime's own error. */
  error: unknown;
}

export function connectionFailure(error: unknown): ConnectionFailure | null {
  const cause = error instanceof EngineError ? error.cause : null;
  return typeof cause === 'object' && cause !== null && 'connection' in cause
    ? (cause as ConnectionFailure)
    : null;
}

/** `Get "https://host/path"`, Go's beginning of every error of a request. Without the query, which may hold signatures. */
export function requestWords({ method, url }: Pick<Exchange, 'method' | 'url'>): string {
  return `${method.charAt(0)}${method.slice(1).toLowerCase()} "${url.origin}${url.pathname}"`;
}

/** What node:http threw, as an EngineError. `secured`: the handshake of TLS was over. */
export function connectionError(
  request: Pick<Exchange, 'method' | 'url'>,
  error: unknown,
  secured: boolean,
): EngineError {
  if (error instanceof EngineError) return error;
  const { connection, words } = describe(request.url, error, secured);
  const cause: ConnectionFailure = { connection, error };
  return unavailable(`${requestWords(request)}: ${words}`, { cause });
}

/** Nobody took the call. */
export function dialTimeout(request: Pick<Exchange, 'method' | 'url'>): EngineError {
  const cause: ConnectionFailure = { connection: 'unreachable', error: null };
  return unavailable(`${requestWords(request)}: dial tcp: i/o timeout`, { cause });
}

export function stalledError(request: Pick<Exchange, 'method' | 'url'>): EngineError {
  const cause: ConnectionFailure = { connection: 'stalled', error: null };
  return unavailable(`${requestWords(request)}: i/o timeout`, { cause });
}

/** An answer that ended before its content did. */
export function brokenError(request: Pick<Exchange, 'method' | 'url'>): EngineError {
  const cause: ConnectionFailure = { connection: 'broken', error: null };
  return unavailable(`${requestWords(request)}: unexpected EOF`, { cause });
}

interface Description {
  connection: ConnectionFailure['connection'];
  words: string;
}

interface RuntimeError {
  code: string;
  message: string;
  address: string;
  port: number;
  names: string;
}

function describe(url: URL, thrown: unknown, secured: boolean): Description {
  const error = facts(thrown);
  const dial = `dial tcp${error.address === '' ? '' : ` ${withPort(error.address, error.port)}`}`;
  const known = dialing[error.code];
  if (known !== undefined) return { connection: 'unreachable', words: `${dial}: ${known}` };
  switch (error.code) {
    case 'ENOTFOUND':
    case 'EAI_NONAME':
      return { connection: 'unknownHost', words: `dial tcp: lookup ${url.hostname}: no such host` };
    case 'EAI_AGAIN':
      return { connection: 'unreachable', words: `dial tcp: lookup ${url.hostname}: server misbehaving` };
    case 'EPIPE':
      return { connection: 'broken', words: 'write: broken pipe' };
    case 'ECONNRESET':
      return url.protocol === 'https:' && !secured
        ? { connection: 'noTls', words: 'EOF' }
        : { connection: 'broken', words: error.message === 'aborted' ? 'unexpected EOF' : 'EOF' };
  }
  return tls(url, error) ?? { connection: 'broken', words: error.message };
}

const dialing: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

const unknownAuthority = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
]);

/** What OpenSSL and BoringSSL make of bytes that are no record of TLS. */
const notTls = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_RECORD)$/;
const lowerWords = (text: string) => text.toLowerCase().replaceAll('_', ' ');

function tls(url: URL, { code, names }: RuntimeError): Description | null {
  const failed = 'tls: failed to verify certificate: x509: certificate';
  if (unknownAuthority.has(code))
    return { connection: 'untrusted', words: `${failed} signed by unknown authority` };
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return { connection: 'untrusted', words: `${failed} has expired or is not yet valid` };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return { connection: 'untrusted', words: `${failed} is valid for ${names}, not ${url.hostname}` };
  const alert = /ALERT_([A-Z_]+)$/.exec(code)?.[1];
  if (alert !== undefined)
    return {
      connection: 'untrusted',
      words: `remote error: tls: ${lowerWords(alert)}`,
    };
  if (notTls.test(code))
    return { connection: 'noTls', words: 'http: server gave HTTP response to HTTPS client' };
  const reason = /^ERR_SSL_([A-Z0-9_]+)$/.exec(code)?.[1];
  return reason === undefined ? null : { connection: 'untrusted', words: `tls: ${lowerWords(reason)}` };
}

/** Node's errors carry their facts as properties; of several addresses that failed the first tells enough. */
function facts(thrown: unknown): RuntimeError {
  const error: unknown = thrown instanceof AggregateError ? (thrown.errors[0] ?? thrown) : thrown;
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const certificate = fields.cert as { subjectaltname?: unknown } | undefined;
  return {
    code: String(fields.code ?? ''),
    message: String(fields.message ?? error),
    address: String(fields.address ?? ''),
    port: Number(fields.port ?? 0),
    names: String(certificate?.subjectaltname ?? 'other names')
      .replace(/(DNS|IP Address):/g, '')
      .slice(0, 256),
  };
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
