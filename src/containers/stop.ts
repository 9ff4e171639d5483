/** stop and restart. */
import { notModified } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import { parseSignal } from '../linux/signals.ts';
import { type Context, emitContainer } from './context.ts';
import { cancelRestart, killAndWait, sendSignal, stopSignalOf, within } from './kill.ts';
import type { Container } from './model.ts';
import { thaw } from './pause.ts';
import { startLocked } from './start.ts';
import { isAlive } from './state.ts';

export interface StopOptions {
  signal: string;
  /** Seconds; null = the container's own; -1 = for ever. */
  timeout: number | null;
}

const defaultTimeout = 10;

export async function stop(context: Context, ref: string, options: StopOptions): Promise<void> {
  const { id } = context.store.find(ref);
  if (!(await stopAndWait(context, id, options))) throw notModified(`container ${id} is not running`);
}

/** False when there was nothing to stop. Returns when everything of the run is cleaned up. */
async function stopAndWait(context: Context, id: ContainerId, options: StopOptions): Promise<boolean> {
  const begun = await beginStop(context, id, options);
  if (begun === null) return false;
  const { container, exited } = begun;
  if (exited !== null) {
    const seconds = options.timeout ?? container.config.stopTimeout ?? defaultTimeout;
    if (!(await within(exited, seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000)))
      await killAndWait(context, id);
  }
  using _lock = await context.locks.take(id);
  emitContainer(context, container, 'stop');
  return true;
}

/** Sends the signal. `exited` null: there was only a restart to call off. */
async function beginStop(
  context: Context,
  id: ContainerId,
  options: StopOptions,
): Promise<{ container: Container; exited: Promise<unknown> | null } | null> {
  using _lock = await context.locks.take(id);
  const container = context.store.byId(id);
  const activity = context.activities.of(id);
  if (container.state.status === 'restarting') {
    activity.stopping = true;
    cancelRestart(context, id);
    return { container, exited: null };
  }
  if (!isAlive(container.state)) return null;
  const signal = options.signal === '' ? stopSignalOf(container) : parseSignal(options.signal);
  activity.stopping = true;
  const exited = activity.nextExit();
  context.store.update(id, { stoppedByUser: true });
  await sendSignal(context, container, signal);
  // The signal reaches a paused container only when it goes on.
  if (container.state.status === 'paused') await thaw(context, id);
  return { container, exited };
}

export async function restart(context: Context, ref: string, options: StopOptions): Promise<void> {
  const { id, hostConfig } = context.store.find(ref);
  const activity = context.activities.of(id);
  // Its exit must not remove it (--rm).
  activity.restarting = true;
  try {
    await stopAndWait(context, id, options);
    using _lock = await context.locks.take(id);
    if (!isAlive(context.store.byId(id).state)) await startLocked(context, id, { byUser: true });
  } finally {
    activity.restarting = false;
  }
  emitContainer(context, { ...context.store.byId(id), hostConfig }, 'restart');
}
