import { describe, expect, test } from 'bun:test';
import { EngineError, unavailable } from '../../lib/errors.ts';
import { Attempts, backoff, type Clock, delayAfter, retryAfter } from './retries.ts';

const never = new AbortController().signal;
const refused = (status: number, retry = '') =>
  new EngineError('internal', 'no', { cause: { status, code: '', message: '', retryAfter: retry } });
const broken = unavailable('broken', { cause: { connection: 'broken', error: null } });

/** Time that passes only by sleeping. */
function clockAt(start: number): Clock & { waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => start + waits.reduce((sum, wait) => sum + wait, 0),
    random: () => 1,
    sleep: async (milliseconds) => void waits.push(milliseconds),
  };
}

describe('retries', () => {
  test('wait twice as long each time, up to a limit, the later half of it by chance', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((tried) => backoff(tried, 1))).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000,
    ]);
    expect(backoff(3, 0)).toBe(500);
  });

  test('read Retry-After as seconds and as a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfter('120', now)).toBe(120_000);
    expect(retryAfter('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(retryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    expect(retryAfter('', now)).toBeNull();
    expect(retryAfter('soon', now)).toBeNull();
  });

  test('are for trouble that passes', () => {
    const clock = clockAt(0);
    const delay = (error: unknown) => delayAfter(error, 1, clock);
    for (const status of [408, 429, 500, 502, 503, 504, 599]) expect(delay(refused(status))).toBe(250);
    for (const status of [301, 400, 401, 403, 404, 405, 416, 501]) expect(delay(refused(status))).toBeNull();
    expect(delay(refused(429, '5'))).toBe(5000);
    expect(delay(refused(429, '0'))).toBe(250);
    expect(delay(refused(429, '3600'))).toBeNull();
    for (const connection of ['unreachable', 'broken', 'stalled'])
      expect(delay(unavailable('x', { cause: { connection, error: null } }))).toBe(250);
    for (const connection of ['unknownHost', 'noTls', 'untrusted'])
      expect(delay(unavailable('x', { cause: { connection, error: null } }))).toBeNull();
    expect(delay(new Error('a bug'))).toBeNull();
  });

  test('end after as many tries as there may be; progress begins the count anew', async () => {
    const clock = clockAt(0);
    let tries = 0;
    const failing = () => {
      tries++;
      return Promise.reject(broken);
    };
    await expect(new Attempts(4, clock, never).run(failing)).rejects.toThrow('broken');
    expect(tries).toBe(4);
    expect(clock.waits).toEqual([250, 500, 1000]);

    const attempts = new Attempts(2, clock, never);
    await attempts.next(broken);
    attempts.reset();
    await attempts.next(broken);
    await expect(attempts.next(broken)).rejects.toThrow('broken');
  });

  test('end at once when the signal aborts', async () => {
    const controller = new AbortController();
    controller.abort(new Error('gone'));
    const attempts = new Attempts(4, clockAt(0), controller.signal);
    await expect(attempts.run(() => Promise.reject(broken))).rejects.toThrow('gone');
  });
});
