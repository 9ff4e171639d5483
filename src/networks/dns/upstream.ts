/** Asking the servers of the world, from the host's network namespace, in the bytes that the client used. */
import { randomInt } from 'node:crypto';
import { askTcp, askUdp, type Exchange } from './exchange.ts';
import type { Transport } from './model.ts';
import { isResponse, type Query, questionOf, rcodeOf, rcodes, sameQuestion } from './query.ts';

/** resolv.conf(5): MAXNS. */
const maximumServers = 3;
/** Milliseconds; two servers are asked before a client has waited its five seconds. */
const patience = 2000;
/** Milliseconds in which a server that did not answer is asked after the others. */
const penalty = 10_000;
/** Sockets at a time, for all containers together. */
const maximumRunning = 1024;

const failures = new Set<number>([rcodes.serverFailure, rcodes.refused]);

/** Too much is being asked at the moment. */
export const overloaded = Symbol('overloaded');

function answersTo(query: Query, id: number): (message: Buffer) => boolean {
  return (message) => {
    if (message.length < 12 || !isResponse(message) || message.readUInt16BE(0) !== id) return false;
    const question = questionOf(message);
    if (question === null) return message.readUInt16BE(4) === 0 && rcodeOf(message) !== rcodes.noError;
    return sameQuestion(question, query.question);
  };
}

/** With the client's id and its very question; null when the server has none. */
function asAnswerTo(query: Query, message: Buffer): Buffer | null {
  if (questionOf(message) === null) return null;
  message.set(query.bytes.subarray(0, 2), 0);
  message.set(query.question, 12);
  return message;
}

export class Upstream {
  #running = 0;
  readonly #silent = new Map<string, number>();
  readonly #ask: Record<Transport, (exchange: Exchange) => Promise<Buffer | null>>;

  constructor(ask = { udp: askUdp, tcp: askTcp }) {
    this.#ask = ask;
  }

  /** The answer of the first server that has one, which is not SERVFAIL or REFUSED; null when none has. */
  async forward(
    query: Query,
    transport: Transport,
    servers: readonly string[],
  ): Promise<Buffer | null | typeof overloaded> {
    if (this.#running >= maximumRunning) return overloaded;
    this.#running++;
    try {
      for (const server of this.#inOrder(servers)) {
        const message = await this.#exchange(query, transport, server);
        const answer = message && !failures.has(rcodeOf(message)) ? asAnswerTo(query, message) : null;
        if (answer !== null) return answer;
      }
      return null;
    } finally {
      this.#running--;
    }
  }

  /** Those that answered lately first. The only one is asked twice: a datagram may get lost. */
  #inOrder(servers: readonly string[]): readonly string[] {
    const now = performance.now();
    for (const [server, until] of this.#silent) if (until < now) this.#silent.delete(server);
    const asked = servers.slice(0, maximumServers);
    if (asked.length === 1) return [...asked, ...asked];
    return asked.toSorted((a, b) => Number(this.#silent.has(a)) - Number(this.#silent.has(b)));
  }

  async #exchange(query: Query, transport: Transport, server: string): Promise<Buffer | null> {
    const id = randomInt(0x10000);
    const bytes = Buffer.from(query.bytes);
    bytes.writeUInt16BE(id, 0);
    const answers = answersTo(query, id);
    const message = await this.#ask[transport]({ server, query: bytes, answers, timeout: patience });
    if (message === null) this.#silent.set(server, performance.now() + penalty);
    else this.#silent.delete(server);
    return message;
  }
}
