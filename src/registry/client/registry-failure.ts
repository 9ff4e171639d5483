/** Answers that say no, in the words that Docker prints for them. */
import { EngineError, type ErrorKind } from '../../lib/errors.ts';
import { documentLimit } from '../../oci/image-parse.ts';
import { parseChallenges } from './challenge.ts';
import type { Answer } from './exchange.ts';
import type { RegistryFailure } from './model.ts';

/** What the client itself still needs to know of a refusal. */
export interface Refusal extends RegistryFailure {
  /** The header as it came; "" = none. */
  retryAfter: string;
}

export function refusalOf(error: unknown): Refusal | null {
  const cause = error instanceof EngineError ? error.cause : null;
  return typeof cause === 'object' && cause !== null && 'retryAfter' in cause ? (cause as Refusal) : null;
}

/** Reads the answer to its end and says what it means. */
export async function refusedBy(answer: Answer): Promise<EngineError> {
  const { status } = answer;
  const text = await answer.document(documentLimit).then(
    (bytes) => bytes.toString(),
    () => '',
  );
  const [first = { code: '', message: '' }, ...others] = challengeErrors(answer).concat(documentErrors(text));
  const cause: Refusal = { status, ...first, retryAfter: answer.header('retry-after') };
  const words = first.code === '' && first.message === '' ? statusWords(status, text) : errorWords(first);
  const more = others.filter(({ code }) => code !== first.code).map(errorWords);
  return new EngineError(kindOf(status), [words, ...more].join('; '), { cause });
}

interface RegistryError {
  code: string;
  message: string;
}

/** `MANIFEST_UNKNOWN` is printed as "manifest unknown". */
function errorWords({ code, message }: RegistryError): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words === '' ? message : `${words}: ${message || words}`;
}

/** RFC 6750: a token without the right to do this. */
function challengeErrors(answer: Answer): RegistryError[] {
  const challenges = parseChallenges(answer.header('www-authenticate'));
  const short = challenges.some(({ parameters }) => parameters.get('error') === 'insufficient_scope');
  return short ? [{ code: 'DENIED', message: 'requested access to the resource is denied' }] : [];
}

/** `{"errors": [{"code", "message", "detail"}]}`; token servers also say `{"details": "…"}` or OAuth2's `{"error_description"}`. */
function documentErrors(text: string): RegistryError[] {
  const document = parsed(text);
  if (Array.isArray(document.errors) && document.errors.length > 0)
    return document.errors.slice(0, 16).map((error: unknown) => {
      const { code, message } = Object(error) as Record<string, unknown>;
      return { code: asText(code), message: asText(message) };
    });
  const details = asText(document.details) || asText(document.error_description);
  return details === '' ? [] : [{ code: 'UNAUTHORIZED', message: details }];
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** One line of bounded length, whatever a registry sends. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[\x00-\x1f\x7f]+/g, ' ').slice(0, 1024) : '';
}

function statusWords(status: number, text: string): string {
  switch (status) {
    case 401:
      return 'unauthorized: authentication required';
    case 403:
      return 'denied: requested access to the resource is denied';
    case 429:
      return `toomanyrequests: ${asText(text).trim() || 'too many requests'}`;
    default:
      return `received unexpected HTTP status: ${status} ${statusTexts[status] ?? ''}`.trimEnd();
  }
}

const statusTexts: Record<number, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function kindOf(status: number): ErrorKind {
  switch (status) {
    case 400:
      return 'invalid';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'notFound';
    case 405:
    case 501:
      return 'unsupported';
    default:
      return status >= 500 || status === 408 || status === 429 ? 'unavailable' : 'internal';
  }
}
