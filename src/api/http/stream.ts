/** Answers that go on for a while: bytes, JSON lines, progress. */
import type { ServerResponse } from 'node:http';
import type { Log, Operational, Progress } from '../../lib/op.ts';
import { failureOf } from '../status.ts';
import type { ProgressLine } from '../types/common.ts';
import type { Exchange } from './exchange.ts';

export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}

/** Sends the status line and headers now: the client takes them as "it has begun". */
export function begin(exchange: Exchange, contentType: string): void {
  exchange.response.writeHead(200, { 'Content-Type': contentType });
  exchange.response.flushHeaders();
}

/** One packet instead of three (chunk size, chunk, line end); false when the client must be waited for. */
export function sendText(response: ServerResponse, text: string): boolean {
  response.cork();
  const more = response.write(text);
  response.uncork();
  return more;
}

/** Copies a stream with the client's backpressure; a client that leaves, or has left, cancels the source. */
export async function sendStream(exchange: Exchange, source: ReadableStream<Uint8Array>): Promise<void> {
  const { response, signal } = exchange;
  const reader = source.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // Nothing holds back who writes to a connection that is gone: a source that is always ready would go on for ever.
      if (done || signal.aborted || response.destroyed) break;
      if (!response.write(value)) await drained(response);
    }
    response.end();
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/** One JSON value per line. Returns when the line may be followed by another. */
export async function sendLine(exchange: Exchange, value: unknown, end = '\n'): Promise<void> {
  if (!sendText(exchange.response, `${JSON.stringify(value)}${end}`)) await drained(exchange.response);
}

function progressLine(step: Progress): ProgressLine {
  switch (step.kind) {
    case 'text':
      return { stream: step.text };
    case 'result':
      return { aux: step.value };
    case 'status': {
      const known = step.current !== undefined || step.total !== undefined;
      if (step.id === undefined && !known) return { status: step.status };
      const progressDetail = known ? { current: step.current, total: step.total } : {};
      return { status: step.status, progressDetail, id: step.id };
    }
  }
}

/**
 * Runs a long operation and streams its progress. The status 200 goes out with the first line; a failure before that has
 * a status of its own, one after it is a line `{"errorDetail":…,"error":…}`.
 */
export async function sendProgress(
  exchange: Exchange,
  log: Log,
  run: (op: Operational) => Promise<void>,
): Promise<void> {
  const { response, signal } = exchange;
  const send = (line: ProgressLine) => {
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/json' });
    sendText(response, `${JSON.stringify(line)}\r\n`);
  };
  try {
    await run({ signal, log, progress: (step) => send(progressLine(step)) });
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/json' });
  } catch (error) {
    if (!response.headersSent) throw error;
    sendFailure(send, error);
  }
  response.end();
}

export function sendFailure(send: (line: ProgressLine) => void, error: unknown): void {
  const { message, exitCode } = failureOf(error);
  send({ errorDetail: { ...(exitCode !== null && { code: exitCode }), message }, error: message });
}
