/** What becomes of one query of one container: moby's rules (libnetwork/resolver.go), see docs/decisions/0013-names.md. */
import { answerMax } from './frames.ts';
import { localAnswers } from './local.ts';
import type { NameView, Reply, Transport } from './model.ts';
import { parseQuery, type Query, rcodeOf, rcodes } from './query.ts';
import { limitOf, refuse, respond, truncated } from './response.ts';
import { overloaded, type Upstream } from './upstream.ts';

const truncatedFlag = 0x0200;
const isTruncated = (message: Buffer): boolean => (message.readUInt16BE(2) & truncatedFlag) !== 0;

const failure = (query: Query, rcode: number): Reply => ({
  message: refuse(query.bytes, rcode),
  keep: 'not',
});

/** Answers that say something: records, or that there are none. */
const isGood = (message: Buffer): boolean =>
  !isTruncated(message) && (rcodeOf(message) === rcodes.noError || rcodeOf(message) === rcodes.nameError);

export class Responder {
  constructor(private readonly upstream: Upstream) {}

  /** null: nothing is answered. A promise only where others must be asked, which is refused to the busy. */
  answer(bytes: Buffer, transport: Transport, view: NameView, busy: boolean): Reply | Promise<Reply> | null {
    const query = parseQuery(bytes);
    if (query === null) return null;
    if (typeof query === 'number') return { message: refuse(bytes, query), keep: 'not' };
    const local = localAnswers(query, view);
    if (local !== null) {
      const message = respond(query, local, transport);
      return { message, keep: isGood(message) ? 'question' : 'not' };
    }
    const servers = view.upstream ?? [];
    if (servers.length === 0) return failure(query, rcodes.serverFailure);
    return busy ? failure(query, rcodes.refused) : this.#askWorld(query, transport, servers);
  }

  async #askWorld(query: Query, transport: Transport, servers: readonly string[]): Promise<Reply> {
    const message = await this.upstream.forward(query, transport, servers);
    if (message === overloaded) return failure(query, rcodes.refused);
    if (message === null || message.length > answerMax) return failure(query, rcodes.serverFailure);
    if (message.length > limitOf(query, transport)) return { message: truncated(query), keep: 'not' };
    return { message, keep: isGood(message) ? 'same' : 'not' };
  }
}
