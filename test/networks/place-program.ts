/**
 * What a Place runs in its network namespace: a server whose answer is the caller's address, on ports that it is told, and
 * calls to others. Requests are lines of JSON on stdin; each gets one line on stdout.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export type Protocol = 'tcp' | 'udp';

export type Request =
  | { id: number; verb: 'serve'; protocol: Protocol; host: string; port: number }
  | {
      id: number;
      verb: 'call';
      protocol: Protocol;
      host: string;
      port: number;
      patience: number;
      from: string;
    }
  | { id: number; verb: 'callers' };

type Call = Request & { verb: 'call' };

export interface Reply {
  id: number;
  /** Of a call: what the server said, `refused` (or there is no way there), or `silence`. Of callers: their addresses, one a line. Of serve: "". */
  text: string;
}

const callers: string[] = [];

function greet(address: string): string {
  const plain = address.replace(/^::ffff:/, '');
  callers.push(plain);
  return plain;
}

async function serve({ protocol, host, port }: Request & { verb: 'serve' }): Promise<string> {
  if (protocol === 'tcp') {
    const open = (s: { end(text: string): void; remoteAddress: string }) =>
      void s.end(greet(s.remoteAddress));
    Bun.listen({ hostname: host, port, socket: { open, data() {} } });
  } else {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (_, { address, port: from }) => socket.send(greet(address), from, address));
    await new Promise<void>((resolve, reject) => {
      // Later ones are of callers that did not wait for their answer.
      socket.on('error', reject);
      socket.bind(port, host, resolve);
    });
  }
  return '';
}

/** Bun tells the client of a port that is closed and of an address without a route the same. */
const refused = 'refused';

function callTcp({ host, port, from }: Call, say: (text: string) => void): Disposable {
  const socket = connect({ port, host, ...(from !== '' && { localAddress: from }) });
  socket.on('data', (data) => say(String(data)));
  socket.on('error', () => say(refused));
  return { [Symbol.dispose]: () => void socket.destroy() };
}

/** Again and again: a datagram may come before the neighbour is known. */
function callUdp({ host, port, from }: Call, say: (text: string) => void): Disposable {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (data) => say(String(data)));
  socket.on('error', () => say(refused));
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    try {
      socket.send('?');
    } catch {
      say(refused); // there was no route to connect by
    }
  };
  socket.bind(0, from || undefined, () =>
    socket.connect(port, host, () => {
      timer = setInterval(send, 100);
      send();
    }),
  );
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      socket.close();
    },
  };
}

async function call(request: Call): Promise<string> {
  const { protocol, patience } = request;
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve('silence'), patience);
  using _socket = (protocol === 'tcp' ? callTcp : callUdp)(request, resolve);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

async function answer(request: Request): Promise<string> {
  if (request.verb === 'callers') return callers.join('\n');
  return request.verb === 'call' ? call(request) : serve(request);
}

if (import.meta.main) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request: Request = JSON.parse(line);
    const reply = (text: string) => console.log(JSON.stringify({ id: request.id, text } satisfies Reply));
    void answer(request).then(reply, (error) => reply(String(error)));
  }
  process.exit();
}
