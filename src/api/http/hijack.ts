/** Taking the connection over from HTTP: attach, exec start. */
import type { Socket } from 'node:net';
import type { ContainerStream } from '../../containers/model.ts';
import type { Exchange } from './exchange.ts';

export const rawStream = 'application/vnd.docker.raw-stream';
export const multiplexedStream = 'application/vnd.docker.multiplexed-stream';

/** The content type of a container's output: since API 1.42 it tells whether the output is in frames. */
export function streamType(tty: boolean, version: number): string {
  return !tty && version >= 42 ? multiplexedStream : rawStream;
}

/** How long a client may keep its half open after all output was delivered. */
const lingerMs = 10_000;

/** The bare connection after the answer's header. */
export interface Connection {
  socket: Socket;
  /** What the client sent ahead of the answer. */
  head: Buffer;
}

/**
 * Answers with 101 when the client asked for an upgrade and with a bare 200 when it did not; either way what follows is
 * bytes without HTTP framing.
 */
export function hijack(exchange: Exchange, contentType: string): Connection {
  const { socket, response, upgrade } = exchange;
  response.detachSocket(socket);
  if (upgrade) {
    socket.write(
      `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    return { socket, head: upgrade.head };
  }
  releaseFromParser(socket);
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n\r\n`);
  return { socket, head: Buffer.alloc(0) };
}

/** node:http reads the socket by listeners; without them the bytes are ours. 'close' stays: it frees the parser. */
function releaseFromParser(socket: Socket): void {
  socket.pause();
  for (const event of ['data', 'end', 'drain', 'timeout', 'readable', 'error', 'finish'])
    socket.removeAllListeners(event);
  socket.on('error', () => socket.destroy());
}

/** Resolves when the socket takes more, or is gone. */
export function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
    if (socket.destroyed) done();
  });
}

/** Copies both ways, each with its own backpressure and its own end, until the container's output ends or the client goes. */
export async function connect(connection: Connection, stream: ContainerStream): Promise<void> {
  feed(connection, stream);
  const { socket } = connection;
  const reader = stream.output.getReader();
  socket.once('close', () => void reader.cancel().catch(() => {}));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || socket.destroyed) break;
      if (!socket.write(value)) await drained(socket);
    }
  } finally {
    stream.close();
    finish(socket);
  }
}

/** Client to container. The client's half-close becomes the end of stdin and leaves the output alone. */
function feed({ socket, head }: Connection, stream: ContainerStream): void {
  let open = true;
  let writing: Promise<void> = Promise.resolve();
  const lost = () => {
    open = false;
  };
  const write = (chunk: Uint8Array) => {
    if (!open) return;
    socket.pause();
    writing = stream.write(chunk).then(
      () => void socket.resume(),
      () => {
        // The process closed its stdin; what else comes is read and dropped so that the client can go on.
        lost();
        socket.resume();
      },
    );
  };
  socket.on('data', write);
  socket.once('end', () => void writing.then(() => stream.end()));
  socket.once('close', lost);
  if (head.length > 0) write(head);
  else socket.resume();
}

/** Ends our half, then waits a little for the client's: closing with unread bytes would reset the connection under its output. */
export function finish(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  socket.resume();
  const linger = setTimeout(() => socket.destroy(), lingerMs);
  linger.unref();
  socket.once('close', () => clearTimeout(linger));
  socket.once('end', () => socket.destroySoon());
  if (socket.readableEnded) socket.destroySoon();
}
