/** What `docker import URL` names: fetched by the daemon, handed on as it arrives. */
import {
  type EngineError,
  forbidden,
  internal,
  invalid,
  messageOf,
  notFound,
  unauthorized,
} from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';

/** As many as Go's HTTP client follows. */
const maxRedirects = 10;

/** Bytes between two lines of progress. */
const progressStep = 512 * 1024;

/** The bytes of a URL, with progress. Errors have Docker's words. Aborting `op.signal` lets go of the connection. */
export async function download(url: URL, op: Operational): Promise<ReadableStream<Uint8Array>> {
  const response = await follow(url, op.signal);
  if (!response.ok) throw await refused(url, response);
  op.progress({ kind: 'status', status: `Downloading from ${redacted(url)}` });
  const body = response.body ?? new Blob([]).stream();
  return body.pipeThrough(reporting(Number(response.headers.get('content-length') ?? 0), op));
}

/** An http or https URL; http is assumed without a scheme. */
export function parseSource(source: string): URL {
  const text = source.includes('://') ? source : `http://${source}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hostname === '') throw invalid(`parse ${JSON.stringify(text)}: invalid URL`);
  return checkScheme(url);
}

/** What may be shown and kept of a URL: it can have a password in it. */
export function redacted(url: URL): string {
  if (url.password === '') return url.href;
  const shown = new URL(url);
  shown.password = 'xxxxx';
  return shown.href;
}

/** A redirect must not lead to files of the daemon's host either. */
function checkScheme(url: URL): URL {
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw invalid(
    `Get ${JSON.stringify(redacted(url))}: unsupported protocol scheme "${url.protocol.slice(0, -1)}"`,
  );
}

async function follow(start: URL, signal: AbortSignal): Promise<Response> {
  let url = start;
  for (let count = 0; count <= maxRedirects; count++) {
    const response = await get(url, signal);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    url = checkScheme(new URL(location, url));
  }
  throw internal(`Get ${JSON.stringify(redacted(start))}: stopped after ${maxRedirects} redirects`);
}

async function get(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    // The bytes as the server has them: an archive that is sent with Content-Encoding is unpacked by the import.
    const options = {
      redirect: 'manual',
      decompress: false,
      headers: { 'Accept-Encoding': 'identity' },
    } as const;
    return await fetch(url, { ...options, signal });
  } catch (error) {
    throw internal(`Get ${JSON.stringify(redacted(url))}: ${messageOf(error)}`, { cause: error });
  }
}

const kinds: Record<number, (message: string) => EngineError> = {
  400: invalid,
  401: unauthorized,
  403: forbidden,
  404: notFound,
};

/** At most this much of what the server says goes into the message. */
const maxReason = 1024;

async function refused(url: URL, response: Response): Promise<EngineError> {
  let reason = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    reason += decoder.decode(chunk, { stream: true });
    if (reason.length >= maxReason) break;
  }
  const status = `${response.status} ${response.statusText}`.trim();
  const make = kinds[response.status] ?? internal;
  return make(`failed to GET ${redacted(url)} with status ${status}: ${reason.slice(0, maxReason).trim()}`);
}

/** `total` 0 = not known. */
function reporting(total: number, op: Operational): TransformStream<Uint8Array, Uint8Array> {
  let current = 0;
  let told = 0;
  const tell = () => {
    told = current;
    op.progress({ kind: 'status', status: 'Importing', current, total });
  };
  return new TransformStream({
    transform(chunk, controller) {
      current += chunk.length;
      if (current - told >= progressStep) tell();
      controller.enqueue(chunk);
    },
    flush() {
      if (current > told) tell();
    },
  });
}
