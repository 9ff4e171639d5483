/** Freezing a container's processes: pause and unpause, and the short pause in which its files are read. */
import { conflict } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import { type Context, emitContainer } from './context.ts';
import type { Container } from './model.ts';
import { cgroupsPath } from './spec.ts';

export async function pause(context: Context, ref: string): Promise<void> {
  const { id } = context.store.find(ref);
  using _lock = await context.locks.take(id);
  const container = context.store.byId(id);
  if (container.state.status === 'paused') throw conflict(`Container ${id} is already paused`);
  if (container.state.status === 'restarting')
    throw conflict(`container ${ref} is restarting, wait until the container is running`);
  if (container.state.status !== 'running') throw conflict(`container ${id} is not running`);
  await freeze(context, container, {});
}

export async function unpause(context: Context, ref: string): Promise<void> {
  const { id } = context.store.find(ref);
  using _lock = await context.locks.take(id);
  if (context.store.byId(id).state.status !== 'paused') throw conflict(`Container ${id} is not paused`);
  await thaw(context, id);
}

/** The caller holds the lock and the container is running. */
async function freeze(context: Context, container: Container, how: { briefly?: true }): Promise<void> {
  await context.cgroups.freeze(cgroupsPath(container), true);
  emitContainer(context, context.store.transition(container.id, { type: 'pause', ...how }), 'pause');
}

/** The caller holds the lock and the container is paused. */
export async function thaw(context: Context, id: ContainerId): Promise<void> {
  await context.cgroups.freeze(cgroupsPath(context.store.byId(id)), false);
  emitContainer(context, context.store.transition(id, { type: 'unpause' }), 'unpause');
}

/**
 * Pauses a container that runs until the result is disposed; null when there is nothing to pause, or a user has paused it.
 * The lock is not held meanwhile: a stop or kill goes ahead, and ends the pause.
 */
export async function pauseBriefly(context: Context, id: ContainerId): Promise<AsyncDisposable | null> {
  using _lock = await context.locks.take(id);
  const container = context.store.byId(id);
  if (container.state.status !== 'running') return null;
  await freeze(context, container, { briefly: true });
  return { [Symbol.asyncDispose]: () => endBriefPause(context, id) };
}

/** Also after a restart of the daemon, whose predecessor died in between. */
export async function endBriefPause(context: Context, id: ContainerId): Promise<void> {
  using _lock = await context.locks.take(id);
  if (!context.store.has(id)) return;
  const { state } = context.store.byId(id);
  if (state.status === 'paused' && state.briefly) await thaw(context, id);
}
