/** docker wait. */
import type { WaitResult } from './activity.ts';
import type { Context } from './context.ts';
import type { WaitCondition } from './model.ts';
import { isAlive, lastExit } from './state.ts';

/**
 * `error` is only about the waiting itself: why a start failed is in the record.
 * Armed when it returns: nothing between the look at the state and the registration can be missed.
 */
export function wait(
  context: Context,
  ref: string,
  condition: WaitCondition,
  signal: AbortSignal,
): { result: Promise<WaitResult> } {
  const { id, state } = context.store.find(ref);
  const activity = context.activities.of(id);
  if (condition === 'not-running' && !isAlive(state) && state.status !== 'restarting') {
    return { result: Promise.resolve({ code: lastExit(state)?.code ?? 0, error: '' }) };
  }
  const waiters = condition === 'removed' ? activity.removeWaiters : activity.exitWaiters;
  const { promise, resolve, reject } = Promise.withResolvers<WaitResult>();
  const aborted = () => {
    waiters.delete(settle);
    reject(signal.reason);
  };
  const settle = (result: WaitResult) => {
    signal.removeEventListener('abort', aborted);
    resolve(result);
  };
  waiters.add(settle);
  signal.addEventListener('abort', aborted, { once: true });
  // Whoever went away does not look at the result.
  promise.catch(() => {});
  return { result: promise };
}
