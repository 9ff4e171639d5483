/** One call of the plugin protocol: POST /<method> with JSON both ways. */
import { readFileSync } from 'node:fs';
import { EngineError, internal, messageOf } from '../../lib/errors.ts';
import type { PluginAddress, PluginTls } from './discovery.ts';
import { withRetries } from './retries.ts';

const mediaType = 'application/vnd.docker.plugins.v1.2+json';
/** Of an answer. */
const sizeLimit = 16 << 20;

export interface CallOptions {
  /** Milliseconds. */
  timeout: number;
  /** Whether a plugin that cannot be reached is waited for. */
  retry: boolean;
}

/** The connection failed: the plugin is gone, or not there yet. */
export class Unreachable extends EngineError {}

/** Throws what the plugin says in `Err`. */
export async function callPlugin(
  address: PluginAddress,
  method: string,
  body: Record<string, unknown> | null,
  { timeout, retry }: CallOptions,
): Promise<Record<string, unknown>> {
  const send = () => post(address, method, body, timeout);
  const answer = await withRetries(send, (error) => retry && error instanceof Unreachable);
  const value = parseObject(answer.text);
  const said = typeof value?.Err === 'string' ? value.Err : '';
  if (!answer.ok) throw internal(`${method}: ${said || answer.text.trim()}`);
  if (said !== '') throw internal(said);
  if (value === null && answer.text.trim() !== '') throw internal(`${method}: the answer is not JSON`);
  return value ?? {};
}

async function post(
  address: PluginAddress,
  method: string,
  body: Record<string, unknown> | null,
  timeout: number,
): Promise<{ ok: boolean; text: string }> {
  const { url, options } = target(address, method);
  const response = await fetch(url, {
    method: 'POST',
    headers: { Accept: mediaType, 'Content-Type': 'application/json' },
    body: body === null ? '' : JSON.stringify(body),
    signal: AbortSignal.timeout(timeout),
    redirect: 'error',
    ...options,
  }).catch((error: unknown) => {
    throw new Unreachable(
      'internal',
      `Post ${JSON.stringify(shown(address, method))}: ${why(address, error)}`,
    );
  });
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength > sizeLimit) throw internal(`${method}: the answer has ${bytes.byteLength} bytes`);
  return { ok: response.ok, text: Buffer.from(bytes).toString('utf8') };
}

function target(address: PluginAddress, method: string): { url: string; options: BunFetchRequestInit } {
  if (address.kind === 'unix') return { url: `http://plugin/${method}`, options: { unix: address.path } };
  const url = new URL(`/${method}`, address.url).href;
  return { url, options: address.tls === null ? {} : { tls: tlsOptions(address.tls) } };
}

function tlsOptions({ verify, caFile, certFile, keyFile }: PluginTls) {
  return {
    rejectUnauthorized: verify,
    ...(caFile === '' ? {} : { ca: readFileSync(caFile, 'utf8') }),
    ...(certFile === '' ? {} : { cert: readFileSync(certFile, 'utf8') }),
    ...(keyFile === '' ? {} : { key: readFileSync(keyFile, 'utf8') }),
  };
}

/** As Go shows the URL of a request over a socket. */
const shown = (address: PluginAddress, method: string) =>
  address.kind === 'unix'
    ? `http://${encodeURIComponent(address.path)}/${method}`
    : new URL(`/${method}`, address.url).href;

function why(address: PluginAddress, error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const texts: Record<string, string> = {
    FailedToOpenSocket: 'connect: no such file or directory',
    ENOENT: 'connect: no such file or directory',
    ConnectionRefused: 'connect: connection refused',
    ECONNREFUSED: 'connect: connection refused',
  };
  const text = texts[code];
  if (text === undefined) return messageOf(error);
  return address.kind === 'unix'
    ? `dial unix ${address.path}: ${text}`
    : `dial tcp ${address.url.host}: ${text}`;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
