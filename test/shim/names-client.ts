/**
 * Runs inside a container's network namespace and does as it is told by IPC: sockets to 127.0.0.11:53, bytes as hex. It says
 * what comes back on which socket, and `end` when a connection is over.
 */
import { connect, type Socket } from 'node:net';

export type Order =
  | { do: 'udp' | 'tcp'; socket: number }
  /** `times`: with an id that counts up, so that each is another query. */
  | { do: 'send'; socket: number; hex: string; times?: number }
  | { do: 'end'; socket: number }
  /** Milliseconds per query, one after the other. */
  | { do: 'measure'; socket: number; hex: string; times: number };

export type Report =
  | { says: 'open' | 'end'; socket: number }
  | { says: 'got'; socket: number; hex: string }
  | { says: 'measured'; socket: number; milliseconds: number };

const address = { hostname: '127.0.0.11', port: 53 };
const say = (report: Report) => process.send?.(report);
const udp = new Map<number, Bun.udp.ConnectedSocket<'buffer'>>();
const tcp = new Map<number, Socket>();
let measuring: (() => void) | null = null;

function heard(socket: number, bytes: Buffer): void {
  if (measuring) measuring();
  else say({ says: 'got', socket, hex: bytes.toString('hex') });
}

async function open(kind: 'udp' | 'tcp', socket: number): Promise<void> {
  if (kind === 'udp') {
    const data = (_: unknown, bytes: Buffer) => heard(socket, bytes);
    udp.set(socket, await Bun.udpSocket({ connect: address, socket: { data } }));
    say({ says: 'open', socket });
    return;
  }
  const stream = connect({ host: address.hostname, port: address.port, allowHalfOpen: true });
  stream.once('connect', () => say({ says: 'open', socket }));
  stream.on('data', (bytes: Buffer) => heard(socket, bytes));
  stream.once('error', () => {});
  stream.once('end', () => stream.end());
  stream.once('close', () => say({ says: 'end', socket }));
  tcp.set(socket, stream);
}

const send = (socket: number, bytes: Buffer) => udp.get(socket)?.send(bytes) ?? tcp.get(socket)?.write(bytes);

async function flood(socket: number, bytes: Buffer, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    if (times > 1) bytes.writeUInt16BE(i & 0xffff, 0);
    send(socket, bytes);
    if (i % 64 === 63) await Bun.sleep(0);
  }
}

async function measure(socket: number, bytes: Buffer, times: number): Promise<void> {
  const start = performance.now();
  for (let i = 0; i < times; i++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    measuring = resolve;
    send(socket, bytes);
    await promise;
  }
  measuring = null;
  say({ says: 'measured', socket, milliseconds: (performance.now() - start) / times });
}

process.on('message', (order: Order) => {
  if (order.do === 'udp' || order.do === 'tcp') void open(order.do, order.socket);
  else if (order.do === 'send') void flood(order.socket, Buffer.from(order.hex, 'hex'), order.times ?? 1);
  else if (order.do === 'measure') void measure(order.socket, Buffer.from(order.hex, 'hex'), order.times);
  else tcp.get(order.socket)?.end();
});
process.on('disconnect', () => process.exit());
