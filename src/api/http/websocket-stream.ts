/** A container's stdio over a websocket: binary frames both ways, output never multiplexed. */
import type { Socket } from 'node:net';
import type { ContainerStream } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { Exchange } from './exchange.ts';
import { Demultiplexer } from './frames.ts';
import { type Connection, drained, finish } from './hijack.ts';
import { acceptKey, encodeFrame, FrameDecoder, type Message, opcodes } from './websocket.ts';

/** Checks the handshake; the function it returns answers it. */
export function acceptWebSocket(exchange: Exchange): () => Connection {
  const key = exchange.header('sec-websocket-key');
  const { upgrade, socket, response } = exchange;
  if (upgrade?.protocol.toLowerCase() !== 'websocket' || key === '')
    throw invalid('bad request: not a websocket');
  if (exchange.header('sec-websocket-version') !== '13')
    throw invalid('bad request: websocket version is not 13');
  return () => {
    response.detachSocket(socket);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
    );
    return { socket, head: upgrade.head };
  };
}

const normalClosure = Buffer.from([0x03, 0xe8]);

export async function bridge(connection: Connection, stream: ContainerStream): Promise<void> {
  const { socket } = connection;
  receive(connection, stream);
  const reader = stream.output.getReader();
  const demultiplexer = stream.tty ? null : new Demultiplexer();
  socket.once('close', () => void reader.cancel().catch(() => {}));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || socket.destroyed) break;
      for (const payload of demultiplexer ? payloads(demultiplexer, value) : [value])
        if (!socket.write(encodeFrame(opcodes.binary, payload))) await drained(socket);
    }
    if (!socket.destroyed) socket.write(encodeFrame(opcodes.close, normalClosure));
  } finally {
    stream.close();
    finish(socket);
  }
}

function* payloads(demultiplexer: Demultiplexer, chunk: Uint8Array): Generator<Uint8Array> {
  for (const { payload } of demultiplexer.push(chunk)) yield payload;
}

function receive({ socket, head }: Connection, stream: ContainerStream): void {
  const decoder = new FrameDecoder();
  let taking: Promise<void> = Promise.resolve();
  const take = (chunk: Uint8Array) => {
    socket.pause();
    taking = handle(decoder, chunk, socket, stream).then(
      () => void socket.resume(),
      () => void socket.destroy(),
    );
  };
  socket.on('data', take);
  // Without a close frame there is no telling an end of stdin from a lost client: the client is gone.
  socket.once('end', () => void taking.then(() => stream.close()));
  if (head.length > 0) take(head);
  else socket.resume();
}

async function handle(
  decoder: FrameDecoder,
  chunk: Uint8Array,
  socket: Socket,
  stream: ContainerStream,
): Promise<void> {
  for (const message of decoder.push(chunk)) await act(message, socket, stream);
}

async function act(message: Message, socket: Socket, stream: ContainerStream): Promise<void> {
  switch (message.kind) {
    case 'data':
      return stream.write(message.payload);
    case 'ping':
      socket.write(encodeFrame(opcodes.pong, message.payload));
      return;
    case 'close':
      stream.end();
      socket.write(encodeFrame(opcodes.close, normalClosure));
      stream.close();
      finish(socket);
  }
}
