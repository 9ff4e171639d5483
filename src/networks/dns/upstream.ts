/** Asking the servers of the world, from the host's network namespace. Messages are passed on as they are. */
import { randomInt } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { idOf, isQuery, questionOf, responseCode, responseCodes, withId } from './message.ts';
import type { Transport } from './model.ts';

/** Milliseconds for one server. */
const patience = 2000;
const port = 53;
const largest = 65_535;

/** One exchange; null when the server does not answer. Replaced in unit tests. */
export type Ask = (server: string, query: Buffer, transport: Transport) => Promise<Buffer | null>;

/** The first useful answer of `servers` in order; a failure of one is the turn of the next. null: nobody answered. */
export async function askWorld(
  query: Buffer,
  servers: readonly string[],
  transport: Transport,
  ask: Ask = askServer,
): Promise<Buffer | null> {
  let failed: Buffer | null = null;
  for (const server of servers) {
    const reply = await ask(server, query, transport);
    if (!reply) continue;
    const code = responseCode(reply);
    if (code !== responseCodes.serverFailure && code !== responseCodes.refused) return reply;
    failed = reply;
  }
  return failed;
}

/** With an id and a port that nobody can guess: an answer that does not fit is a forgery, and is not looked at. */
async function askServer(server: string, query: Buffer, transport: Transport): Promise<Buffer | null> {
  const asked = withId(query, randomInt(0x10000));
  const exchange = transport === 'udp' ? exchangeUdp : exchangeTcp;
  // No route, no such address: as good as no answer.
  const reply = await exchange(server, asked).catch(() => null);
  return reply && withId(reply, idOf(query));
}

function answers(query: Buffer, reply: Buffer): boolean {
  const question = questionOf(query);
  const echoed = questionOf(reply);
  if (!question || !echoed || isQuery(reply) || idOf(reply) !== idOf(query)) return false;
  // Servers may change the case of letters, not the name.
  return question.toString('latin1').toLowerCase() === echoed.toString('latin1').toLowerCase();
}

async function exchangeUdp(server: string, query: Buffer): Promise<Buffer | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | null>();
  const timer = setTimeout(resolve, patience, null);
  const socket = await Bun.udpSocket({
    connect: { hostname: server, port },
    socket: {
      data: (_, reply) => {
        if (reply.length >= 12 && answers(query, reply)) resolve(reply);
      },
      error: () => resolve(null),
    },
  }).catch(() => null);
  if (!socket) return null;
  try {
    socket.send(query);
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

/** Two bytes of length before each message (RFC 1035 section 4.2.2). */
function exchangeTcp(server: string, query: Buffer): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connectTcp({ host: server, port });
    const finish = (reply: Buffer | null) => {
      socket.destroy();
      resolve(reply);
    };
    socket.setTimeout(patience, () => finish(null));
    socket.on('error', () => finish(null));
    socket.on('close', () => finish(null));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, Buffer.from(chunk)]);
      const length = received.length < 2 ? largest : received.readUInt16BE(0);
      if (received.length < 2 + length) return;
      const reply = received.subarray(2, 2 + length);
      finish(length >= 12 && answers(query, reply) ? reply : null);
    });
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
  });
}
