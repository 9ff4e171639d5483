/** A client that shows the bytes: one connection, one request, the whole answer. */
import { connect, type Socket } from 'node:net';

export interface Conversation {
  socket: Socket;
  /** What came so far. */
  text(): string;
  bytes(): Buffer;
  /** Resolves when the server has ended its half, or closed. */
  ended: Promise<void>;
  /** Resolves when the text is there. */
  until(text: string): Promise<void>;
}

export function converse(path: string, request: string): Conversation {
  const chunks: Buffer[] = [];
  const socket = connect({ path, allowHalfOpen: true });
  const bytes = () => Buffer.concat(chunks);
  const text = () => bytes().toString('latin1');
  const waiters: (() => void)[] = [];
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    for (const wake of waiters.splice(0)) wake();
  });
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  socket.write(request.replace(/\r?\n/g, '\r\n'));
  return {
    socket,
    bytes,
    text,
    ended,
    async until(wanted) {
      while (!text().includes(wanted)) await new Promise<void>((resolve) => waiters.push(resolve));
    },
  };
}

/** Asks for one thing and closes. `header` lines end without newline. */
export async function ask(
  path: string,
  line: string,
  options: { header?: string; body?: string } = {},
): Promise<{ status: number; headers: Map<string, string>; body: string }> {
  const { body = '', header = '' } = options;
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\n`;
  const own = header === '' ? '' : `${header}\n`;
  const head = `${line} HTTP/1.1\nHost: d\nConnection: close\n${own}${length}\n`.replace(/\n/g, '\r\n');
  const conversation = converse(path, head);
  conversation.socket.write(body);
  await conversation.ended;
  conversation.socket.destroy();
  return parse(conversation.text());
}

function parse(text: string): { status: number; headers: Map<string, string>; body: string } {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const raw = rest.join('\r\n\r\n');
  const body = headers.get('transfer-encoding') === 'chunked' ? dechunk(raw) : raw;
  return { status: Number(first.split(' ')[1]), headers, body };
}

function dechunk(text: string): string {
  let body = '';
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) break;
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
  return body;
}
