/** What happened: a ring of the last 256 events for replay, and whoever listens. */
import type { Emit, EngineEvent } from '../lib/events.ts';
import { eventFilter } from './event-filter.ts';
import type { EventQuery } from './model.ts';

const kept = 256;
/** A listener that is this far behind is let go: nothing waits for it. */
const longestBacklog = 8192;

export class EventLog {
  readonly #ring: EngineEvent[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #lastTime = 0n;

  readonly emit: Emit = (given) => {
    const event: EngineEvent = { ...given, timeNano: this.#now() };
    this.#ring.push(event);
    if (this.#ring.length > kept) this.#ring.shift();
    for (const listen of this.#listeners) listen(event);
  };

  /** Strictly increasing, so that `since` the last seen event repeats nothing. */
  #now(): bigint {
    const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
    this.#lastTime = now > this.#lastTime ? now : this.#lastTime + 1n;
    return this.#lastTime;
  }

  /** Listening begins now, not at the first `next`. Throws on an unknown filter. */
  stream({ since, until, filters }: EventQuery, signal: AbortSignal): AsyncIterable<EngineEvent> {
    const wanted = eventFilter(filters);
    const from = since === null ? null : nanoseconds(since);
    const to = until === null ? null : nanoseconds(until);
    const queue: EngineEvent[] = [];
    let wake: () => void = () => {};
    let ended = signal.aborted;
    const end = () => {
      ended = true;
      wake();
    };
    const add = (event: EngineEvent) => {
      if (to !== null && event.timeNano > to) return end();
      if (!wanted(event)) return;
      if (queue.push(event) > longestBacklog) end();
      wake();
    };
    if (from !== null) for (const event of this.#ring) if (event.timeNano >= from) add(event);
    const timeLeft = until === null ? null : until * 1000 - Date.now();
    if (timeLeft !== null && timeLeft <= 0) ended = true;
    const timer =
      timeLeft !== null && timeLeft > 0 ? setTimeout(end, Math.min(timeLeft, 2 ** 31 - 1)) : undefined;
    if (!ended) this.#listeners.add(add);
    signal.addEventListener('abort', end, { once: true });
    const listeners = this.#listeners;
    async function* iterate(): AsyncGenerator<EngineEvent, void, undefined> {
      try {
        for (;;) {
          const event = queue.shift();
          if (event !== undefined) yield event;
          else if (ended) return;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        listeners.delete(add);
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
      }
    }
    return iterate();
  }
}

const nanoseconds = (seconds: number) => BigInt(Math.round(seconds * 1e6)) * 1000n;
