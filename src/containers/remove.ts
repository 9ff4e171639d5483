/** DELETE /containers/x. */
import { rmSync } from 'node:fs';
import { conflict, internal, messageOf } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import { type Context, emitContainer } from './context.ts';
import { removeViews } from './image-views.ts';
import { killAndWait } from './kill.ts';
import type { Container } from './model.ts';
import { isAlive, lastExit } from './state.ts';

export async function remove(
  context: Context,
  ref: string,
  options: { force: boolean; volumes: boolean; link: boolean },
): Promise<void> {
  const container = context.store.find(ref);
  const { id } = container;
  const activity = context.activities.of(id);
  if (activity.removing) throw conflict(`removal of container ${ref} is already in progress`);
  if (!options.force) assertStopped(container);
  activity.removing = true;
  try {
    if (options.force) await killAndWait(context, id);
    using _lock = await context.locks.take(id);
    // An exit meanwhile may have removed it already (--rm).
    if (!context.store.has(id)) return;
    const now = context.store.byId(id);
    assertStopped(now);
    await removeLocked(context, now, { volumes: options.volumes || now.hostConfig.autoRemove });
  } finally {
    activity.removing = false;
  }
}

function assertStopped({ name, state }: Container): void {
  const refuse = (why: string) => conflict(`cannot remove container "/${name}": ${why}`);
  if (state.status === 'paused') throw refuse('container is paused and must be unpaused first');
  if (isAlive(state) || state.status === 'restarting')
    throw refuse(`container is ${state.status}: stop the container before removing or force remove`);
}

/** The caller holds the lock and the container does not run. The record goes last: until then recovery knows what to undo. */
export async function removeLocked(
  context: Context,
  container: Container,
  options: { volumes: boolean },
): Promise<void> {
  const { id } = container;
  const activity = context.activities.of(id);
  if (activity.restartTimer !== null) clearTimeout(activity.restartTimer);
  if (container.state.status !== 'removing') context.store.transition(id, { type: 'remove' });
  try {
    await removeParts(context, container, options.volumes);
  } catch (error) {
    context.store.transition(id, { type: 'remove-failed', error: messageOf(error) });
    throw internal(`unable to remove filesystem for ${id}: ${messageOf(error)}`, { cause: error });
  }
  context.store.delete(id);
  context.execs.removeAll(id);
  emitContainer(context, container, 'destroy');
  activity.removed({ code: lastExit(container.state)?.code ?? 0, error: '' });
  context.activities.forget(id);
}

async function removeParts(context: Context, container: Container, volumes: boolean): Promise<void> {
  const paths = context.paths.of(container.id);
  const snapshot = context.snapshotter.remove(container.id);
  try {
    rmSync(paths.directory, { recursive: true, force: true });
  } finally {
    await snapshot;
  }
  await removeViews(context, container.mounts);
  if (!container.mounts.some((mount) => mount.type === 'volume')) return;
  context.volumes.release(container.id);
  if (volumes) await removeAnonymousVolumes(context, container.id, container);
}

/** Only those that nobody named, and that no other container (--volumes-from) holds. */
async function removeAnonymousVolumes(
  context: Context,
  id: ContainerId,
  container: Container,
): Promise<void> {
  for (const mount of container.mounts) {
    if (mount.type !== 'volume') continue;
    try {
      const volume = await context.volumes.get(mount.name);
      if (volume.anonymous && context.volumes.holders(mount.name).length === 0)
        await context.volumes.remove(mount.name, false);
    } catch (error) {
      context.log('warn', 'an anonymous volume was not removed', {
        id,
        volume: mount.name,
        error: messageOf(error),
      });
    }
  }
}
