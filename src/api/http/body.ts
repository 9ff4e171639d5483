/** Request bodies: bounded JSON, or a stream with backpressure. */
import type { Socket } from 'node:net';
import { invalid } from '../../lib/errors.ts';
import type { Exchange } from './exchange.ts';
import { describeInvalidJson } from './go-json.ts';

const maxJsonBytes = 4 * 1024 * 1024;

/**
 * The JSON body, or null when there is none. Content type, garbage, trailing bytes and size are refused with Docker's texts.
 * The value is unchecked: the translate modules read it field by field.
 */
export async function readJson(exchange: Exchange, limit = maxJsonBytes): Promise<unknown> {
  checkContentType(exchange);
  const text = (await readBody(exchange, limit)).toString('utf8');
  if (text.trim() === '') {
    if (text === '' && exchange.header('transfer-encoding') === '') return null;
    throw invalid('invalid JSON: got EOF while reading request body');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(describeInvalidJson(text));
  }
}

/** Takes a body that means nothing off the connection, which is about to be used for something else. */
export async function skipBody(exchange: Exchange): Promise<void> {
  await readBody(exchange, maxJsonBytes);
}

function hasBody(exchange: Exchange): boolean {
  const length = exchange.header('content-length');
  return exchange.header('transfer-encoding') !== '' || (length !== '' && length !== '0');
}

function checkContentType(exchange: Exchange): void {
  const type = exchange.header('content-type');
  if (type === '') {
    if (hasBody(exchange)) throw invalid('malformed Content-Type header (): mime: no media type');
    return;
  }
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json')
    throw invalid(`unsupported Content-Type header (${type}): must be 'application/json'`);
}

const tooLarge = () => invalid('invalid JSON: http: request body too large');

async function readBody(exchange: Exchange, limit: number): Promise<Buffer> {
  if (!hasBody(exchange)) return Buffer.alloc(0);
  if (Number(exchange.header('content-length')) > limit) throw tooLarge();
  return exchange.upgrade ? readUpgradeBody(exchange, exchange.upgrade) : readPlainBody(exchange, limit);
}

function readPlainBody({ request, socket }: Exchange, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(tooLarge());
      else chunks.push(chunk);
    });
    const lost = () => reject(invalid('invalid JSON: unexpected EOF'));
    socket.once('close', lost);
    request.once('end', () => {
      socket.off('close', lost);
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size));
    });
  });
}

/** The parser stops at the header of a request to upgrade: its body is the first Content-Length bytes after it. */
async function readUpgradeBody(exchange: Exchange, upgrade: { head: Buffer }): Promise<Buffer> {
  const length = Number(exchange.header('content-length'));
  if (!Number.isSafeInteger(length)) throw invalid('a request to upgrade needs a Content-Length');
  while (upgrade.head.length < length)
    upgrade.head = Buffer.concat([upgrade.head, await nextChunk(exchange.socket)]);
  const body = upgrade.head.subarray(0, length);
  upgrade.head = upgrade.head.subarray(length);
  return body;
}

function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(invalid('invalid JSON: unexpected EOF'));
    socket.once('close', lost);
    socket.once('end', lost);
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      socket.off('close', lost);
      socket.off('end', lost);
      resolve(chunk);
    });
    socket.resume();
  });
}

/**
 * The body as it arrives. Pausing the request alone would let Bun's parser go on reading the socket and queue without
 * bound, so backpressure is put on the socket itself.
 */
export function bodyStream(exchange: Exchange): ReadableStream<Uint8Array> {
  const { request, socket } = exchange;
  let finished = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const lost = () => finish(() => controller.error(invalid('unexpected EOF')));
        const finish = (action: () => void) => {
          if (finished) return;
          finished = true;
          socket.off('close', lost);
          socket.resume();
          action();
        };
        request.on('data', (chunk: Buffer) => {
          if (finished) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) socket.pause();
        });
        request.once('end', () => finish(() => controller.close()));
        request.once('aborted', lost);
        request.once('error', lost);
        socket.once('close', lost);
      },
      pull() {
        if (!finished) socket.resume();
      },
      cancel() {
        finished = true;
        socket.resume();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 512 * 1024 }),
  );
}
