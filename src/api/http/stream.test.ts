import { expect, test } from 'bun:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exchange } from './exchange.ts';
import { sendStream } from './stream.ts';

/** Sends an endless stream to a client of `signal`, and tells whether the stream was cancelled. */
async function sendEndless(signal: AbortSignal): Promise<boolean> {
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: () => {
      cancelled = true;
    },
  });
  const sent = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    const exchange = { response, signal } as Partial<Exchange> as Exchange;
    sendStream(exchange, source).then(sent.resolve, sent.reject);
  }).listen(0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}`);
  await answer.body?.cancel();
  await sent.promise;
  server.close();
  return cancelled;
}

test('a client that had left before the stream was there cancels it', async () => {
  expect(await sendEndless(AbortSignal.abort())).toBe(true);
});

test('a client that leaves in the middle cancels it', async () => {
  expect(await sendEndless(AbortSignal.timeout(50))).toBe(true);
});

test('a connection that is gone ends it, also when nobody has said so yet', async () => {
  expect(await sendEndless(new AbortController().signal)).toBe(true);
});
