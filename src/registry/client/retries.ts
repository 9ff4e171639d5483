import { connectionFailure } from './connection-failure.ts';
import { refusalOf } from './registry-failure.ts';

/** Time, for those who wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** [0, 1) */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, milliseconds);
      signal.addEventListener('abort', stop, { once: true });
    }),
};

const firstDelay = 250;
const longestDelay = 10_000;
/** Who is told to come back later than this is told now that it does not work. */
const longestRetryAfter = 60_000;

/** Milliseconds before try number `tried + 1`: doubling, the later half of it by chance, so that many clients do not come back as one. */
export function backoff(tried: number, random: number): number {
  const full = Math.min(firstDelay * 2 ** (tried - 1), longestDelay);
  return Math.round(full / 2 + (full / 2) * random);
}

/** Retry-After (RFC 9110, 10.2.3), seconds or a date, in milliseconds from now; null when there is none that can be read. */
export function retryAfter(header: string, now: number): number | null {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Milliseconds to wait before the next try, or null when another try would end the same way. */
export function delayAfter(error: unknown, tried: number, clock: Clock): number | null {
  const connection = connectionFailure(error)?.connection;
  if (connection === 'unreachable' || connection === 'broken' || connection === 'stalled')
    return backoff(tried, clock.random());
  const refusal = refusalOf(error);
  if (refusal === null || !isTransient(refusal.status)) return null;
  const asked = retryAfter(refusal.retryAfter, clock.now());
  if (asked !== null && asked > longestRetryAfter) return null;
  return Math.max(asked ?? 0, backoff(tried, clock.random()));
}

/** The server's trouble, not ours. 501 will not be implemented by the next try. */
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Tries of one thing: counts, and waits between them. */
export class Attempts {
  #tried = 0;

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** Returns when it is time for the next try; throws `error` when there shall be none. `again`: the next try is another one. */
  async next(error: unknown, again = false): Promise<void> {
    this.signal.throwIfAborted();
    this.#tried++;
    const delay =
      delayAfter(error, this.#tried, this.clock) ??
      (again ? backoff(this.#tried, this.clock.random()) : null);
    if (delay === null || this.#tried >= this.limit) throw error;
    await this.clock.sleep(delay, this.signal);
  }

  /** It moved: what comes now is not the same trouble. */
  reset(): void {
    this.#tried = 0;
  }

  async run<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await attempt();
      } catch (error) {
        await this.next(error);
      }
  }
}
