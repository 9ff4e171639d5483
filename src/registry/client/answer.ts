import type { IncomingMessage } from 'node:http';
import { invalid } from '../../lib/errors.ts';
import { connectionError, requestWords, stalledError } from './connection-failure.ts';
import type { Answer, Exchange, Method } from './exchange.ts';
import { Watch } from './watch.ts';

/** A body that nobody wants is read to its end, to keep the connection, when it is no larger than this. */
const worthReading = 64 << 10;

export class HttpAnswer implements Answer {
  readonly url: URL;
  readonly method: Method;
  readonly status: number;

  constructor(
    private readonly exchange: Exchange,
    private readonly message: IncomingMessage,
    private readonly stall: number,
  ) {
    this.url = exchange.url;
    this.method = exchange.method;
    this.status = message.statusCode ?? 0;
    // Without a reader a broken body is nobody's business; a reader gets the error from the stream itself.
    message.on('error', () => undefined);
  }

  header(name: string): string {
    const value = this.message.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : (value ?? '');
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const { message, exchange } = this;
    const watch = new Watch(this.stall, () => message.destroy(stalledError(exchange)));
    try {
      watch.start();
      for await (const chunk of message) {
        watch.stop();
        yield chunk as Uint8Array;
        watch.start();
      }
    } catch (error) {
      exchange.signal.throwIfAborted();
      throw connectionError(exchange, error, true);
    } finally {
      watch.close();
      if (!message.complete) message.destroy();
    }
  }

  async document(limit: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.chunks()) {
      size += chunk.byteLength;
      if (size > limit) throw invalid(`${requestWords(this)}: the answer has more than ${limit} bytes`);
      parts.push(chunk);
    }
    return Buffer.concat(parts);
  }

  discard(): void {
    const length = this.header('content-length');
    const small = length !== '' && Number(length) <= worthReading;
    if (small || this.method === 'HEAD' || this.status === 204) this.message.resume();
    else this.message.destroy();
  }
}
