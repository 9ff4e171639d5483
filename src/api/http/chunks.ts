/** Answers made of bytes that come by and by, compressed when the client asks for it. */
import { Readable } from 'node:stream';
import { createDeflate, createGzip } from 'node:zlib';
import type { Exchange } from './exchange.ts';
import { drained } from './stream.ts';

/** Sends the head, then the chunks with the client's backpressure; a client that leaves ends the iteration. */
export async function sendChunks(
  exchange: Exchange,
  chunks: AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
): Promise<void> {
  const { response, signal } = exchange;
  const encoding = chosenEncoding(exchange.header('accept-encoding'));
  response.writeHead(200, { ...headers, ...(encoding === null ? {} : { 'Content-Encoding': encoding }) });
  for await (const chunk of encoded(chunks, encoding)) {
    // Nothing holds back who writes to a connection that is gone.
    if (signal.aborted || response.destroyed) break;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

const encodings = ['gzip', 'deflate'] as const;
type Encoding = (typeof encodings)[number];

/** The one that RFC 9110, 12.5.3 prefers; null: as it is. */
export function chosenEncoding(header: string): Encoding | null {
  const weights = new Map(header.split(',').map(weightOf));
  const weight = (encoding: Encoding) => weights.get(encoding) ?? weights.get('*') ?? 0;
  const [best] = encodings.toSorted((a, b) => weight(b) - weight(a));
  return best !== undefined && weight(best) > 0 ? best : null;
}

function weightOf(text: string): [string, number] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return [name, quality === undefined ? 1 : Number(quality.slice(2)) || 0];
}

function encoded(chunks: AsyncIterable<Uint8Array>, encoding: Encoding | null): AsyncIterable<Uint8Array> {
  return encoding === null ? chunks : compress(chunks, encoding);
}

async function* compress(chunks: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false });
  const codec = encoding === 'gzip' ? createGzip() : createDeflate();
  source.on('error', (error) => codec.destroy(error));
  source.pipe(codec);
  try {
    for await (const chunk of codec) yield chunk as Uint8Array;
  } finally {
    source.destroy();
    codec.destroy();
  }
}
