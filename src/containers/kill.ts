/** Signals. */
import { conflict, isKind, notFound } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import { parseSignal } from '../linux/signals.ts';
import { ShimGone } from '../shim/client.ts';
import { type Context, emitContainer } from './context.ts';
import type { Container } from './model.ts';
import { cgroupsPath } from './spec.ts';
import { isAlive } from './state.ts';

const SIGTERM = 15;
const SIGKILL = 9;

export function stopSignalOf({ config }: Container): number {
  return config.stopSignal === '' ? SIGTERM : parseSignal(config.stopSignal);
}

/** To the container's process 1. A process that is gone already is no error: its exit is on the way. */
export async function sendSignal(context: Context, container: Container, signal: number): Promise<void> {
  emitContainer(context, container, 'kill', { signal: String(signal) });
  try {
    await context.activities.of(container.id).shim?.signal('', signal);
  } catch (error) {
    if (!(error instanceof ShimGone)) throw error;
  }
  if (signal !== SIGKILL) return;
  // In a pid namespace shared with others its processes do not end with process 1, and hold its output open until they do.
  if (container.hostConfig.pidMode !== '') await context.cgroups.kill(cgroupsPath(container));
  // A frozen process takes no signal, not even this one.
  if (container.state.status === 'paused') await context.cgroups.freeze(cgroupsPath(container), false);
}

export async function kill(context: Context, ref: string, text: string): Promise<void> {
  const signal = text === '' ? SIGKILL : parseSignal(text);
  const id = idToKill(context, ref);
  {
    using _lock = await context.locks.take(id);
    const container = context.store.byId(id);
    if (!isAlive(container.state))
      throw conflict(`cannot kill container: ${ref}: container ${id} is not running`);
    if (signal === SIGKILL || signal === stopSignalOf(container)) {
      context.activities.of(id).stopping = true;
      if (!container.stoppedByUser) context.store.update(id, { stoppedByUser: true });
    }
    if (signal !== SIGKILL) return await sendSignal(context, container, signal);
  }
  await killAndWait(context, id);
}

function idToKill(context: Context, ref: string): ContainerId {
  try {
    return context.store.find(ref).id;
  } catch (error) {
    throw isKind(error, 'notFound') ? notFound(`cannot kill container: ${ref}: ${error.message}`) : error;
  }
}

const patience = 10_000;

/** SIGKILL until it is gone, as far as a kernel lets it go. Nothing when it does not run; ends a restart policy's waiting. */
export async function killAndWait(context: Context, id: ContainerId): Promise<void> {
  let exited: Promise<unknown>;
  {
    using _lock = await context.locks.take(id);
    if (!context.store.has(id)) return;
    const container = context.store.byId(id);
    const activity = context.activities.of(id);
    activity.stopping = true;
    if (container.state.status === 'restarting') {
      cancelRestart(context, id);
      return;
    }
    if (!isAlive(container.state)) return;
    exited = activity.nextExit();
    await sendSignal(context, container, SIGKILL);
  }
  if (await within(exited, patience)) return;
  throw conflict(`could not kill container: tried to kill container, but did not receive an exit event`);
}

/** The caller holds the lock; the state is restarting. */
export function cancelRestart(context: Context, id: ContainerId): void {
  const activity = context.activities.of(id);
  if (activity.restartTimer !== null) clearTimeout(activity.restartTimer);
  activity.restartTimer = null;
  context.store.transition(id, { type: 'give-up' }, { stoppedByUser: true });
}

/** Whether `promise` settles within so many milliseconds (Infinity: it will). */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  if (milliseconds === Number.POSITIVE_INFINITY) {
    await promise;
    return true;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
