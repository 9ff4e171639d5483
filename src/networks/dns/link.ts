/** One shim's connection: who it is, its queries, our answers. */
import { internal, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import { answerFrame, FrameReader, forgetFrame, queryOf } from './frames.ts';
import type { NameView, Reply, Transport, Views } from './model.ts';
import { rcodes } from './query.ts';
import type { Responder } from './responder.ts';
import { refuse } from './response.ts';

/** Queries of one container for which others are being asked at the same time. */
const maximumPending = 128;
/** Bytes that a shim has not taken; it always reads, so one that does not is stopped or broken. */
const maximumUnsent = 1 << 20;

/** The part of a Bun socket that is used here. */
export interface Peer {
  write(bytes: Uint8Array): number;
  terminate(): void;
}

export class Link {
  /** "" until the shim has said it. */
  containerId = '';
  /** Called when it has. */
  onIntroduced: (() => void) | undefined;
  readonly #frames = new FrameReader();
  #unsent = Buffer.alloc(0);
  #pending = 0;
  #open = true;
  /** The shim may have kept answers: of ours, or at first of a predecessor's. */
  #kept = true;

  constructor(
    private readonly peer: Peer,
    private readonly responder: Responder,
    private readonly views: Views,
    private readonly log: Log,
  ) {}

  received(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#warn(error);
      this.#drop();
    }
  }

  #take(frame: Buffer): void {
    if (this.containerId === '') {
      this.containerId = frame.toString('latin1');
      this.onIntroduced?.();
      return;
    }
    const query = queryOf(frame);
    if (query === null || query.message.length < 12) throw internal('a frame that is no query');
    const view = this.views(this.containerId);
    if (view === null) this.#drop();
    else this.#answer(query.message, query.transport, view);
  }

  #answer(query: Buffer, transport: Transport, view: NameView): void {
    try {
      const reply = this.responder.answer(query, transport, view, this.#pending >= maximumPending);
      if (reply instanceof Promise) this.#wait(reply, query);
      else if (reply !== null) this.#reply(reply);
    } catch (error) {
      this.#fail(query, error);
    }
  }

  #wait(reply: Promise<Reply>, query: Buffer): void {
    this.#pending++;
    void reply
      .then(
        (it) => this.#reply(it),
        (error) => this.#fail(query, error),
      )
      .finally(() => this.#pending--);
  }

  #fail(query: Buffer, error: unknown): void {
    this.#warn(error);
    this.#reply({ message: refuse(query, rcodes.serverFailure), keep: 'not' });
  }

  #warn(error: unknown): void {
    this.log('warn', `names: ${messageOf(error)}`, { container: this.containerId });
  }

  #reply({ message, keep }: Reply): void {
    this.#kept ||= keep !== 'not';
    this.#send(answerFrame(message, keep));
  }

  /** Answers that the shim has kept are no longer true. */
  forget(): void {
    if (this.#kept) this.#send(forgetFrame);
    this.#kept = false;
  }

  #send(frame: Buffer): void {
    if (!this.#open) return;
    const rest = this.#unsent.length > 0 ? frame : frame.subarray(this.#write(frame));
    if (rest.length === 0) return;
    this.#unsent = Buffer.concat([this.#unsent, rest]);
    if (this.#unsent.length > maximumUnsent) this.#drop();
  }

  /** The shim has taken something. */
  drained(): void {
    this.#unsent = this.#unsent.subarray(this.#write(this.#unsent));
  }

  #write(bytes: Buffer): number {
    return Math.max(this.peer.write(bytes), 0);
  }

  #drop(): void {
    this.closed();
    this.peer.terminate();
  }

  closed(): void {
    this.#open = false;
  }
}
