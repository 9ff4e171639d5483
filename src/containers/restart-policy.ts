/** --restart: whether, and after how long, a container starts again. Numbers of moby daemon/internal/restartmanager. */
import { messageOf } from '../lib/errors.ts';
import type { Activity } from './activity.ts';
import type { Context } from './context.ts';
import type { Container } from './model.ts';
import { startLocked } from './start.ts';

const firstDelay = 100;
const longestDelay = 60_000;
/** A run of this length was a good one: the delay starts over. */
const goodRun = 10_000;

export function shouldRestart(
  { state, hostConfig, restartCount, stoppedByUser }: Container,
  activity: Pick<Activity, 'stopping' | 'removing'>,
): boolean {
  if (state.status !== 'exited' || activity.stopping || activity.removing) return false;
  const { name, maximumRetryCount } = hostConfig.restartPolicy;
  switch (name) {
    case 'no':
      return false;
    case 'always':
      return true;
    case 'unless-stopped':
      return !stoppedByUser;
    case 'on-failure':
      return state.last.code !== 0 && (maximumRetryCount === 0 || restartCount < maximumRetryCount);
    default:
      return name satisfies never;
  }
}

/** 100 ms, doubled at each exit of a short run. */
export function nextDelay(previous: number, ranFor: number): number {
  if (previous === 0 || ranFor >= goodRun) return firstDelay;
  return Math.min(previous * 2, longestDelay);
}

/** The caller holds the lock; the container is exited. */
export function scheduleRestart(context: Context, container: Container, activity: Activity): void {
  const { state, id } = container;
  if (state.status !== 'exited') return;
  activity.backOff = nextDelay(activity.backOff, state.last.finishedAt - state.last.startedAt);
  const attempt = container.restartCount + 1;
  context.store.transition(id, { type: 'back-off', attempt }, { restartCount: attempt });
  activity.restartTimer = setTimeout(() => {
    activity.restartTimer = null;
    void restartNow(context, container);
  }, activity.backOff);
}

async function restartNow(context: Context, { id }: Container): Promise<void> {
  using _lock = await context.locks.take(id);
  if (context.life.closed || !context.store.has(id)) return;
  if (context.store.byId(id).state.status !== 'restarting') return;
  try {
    await startLocked(context, id, { byUser: false });
  } catch (error) {
    context.log('error', 'failed to restart container', { id, error: messageOf(error) });
    const failed = context.store.has(id) ? context.store.byId(id) : null;
    const activity = context.activities.of(id);
    if (failed !== null && shouldRestart(failed, activity)) scheduleRestart(context, failed, activity);
  }
}
