/** What a daemon that was killed left half done, and how it is undone. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import { type ContainerId, shortId } from '../lib/ids.ts';
import { isErrno } from '../linux/errno.ts';
import type { Context } from './context.ts';
import { cleanUpRun } from './exit.ts';
import { containerOfSnapshot } from './image-views.ts';
import type { Container } from './model.ts';
import { removeLocked } from './remove.ts';
import { cgroupsPath } from './spec.ts';

/** Shims and cgroups of starts that were never acknowledged, and of shims that died: all that has a run directory or a socket. */
export async function endLeftovers(context: Context, running: ReadonlySet<ContainerId>): Promise<void> {
  const { paths, store } = context;
  const left = new Set<string>();
  for (const name of entries(paths.runs)) if (/^[0-9a-f]{64}$/.test(name)) left.add(name.slice(0, 32));
  for (const name of entries(paths.sockets)) left.add(name.replace('.sock', ''));
  for (const id of running) left.delete(id.slice(0, 32));
  if (left.size === 0) return;
  endShims(left);
  for (const half of left) rmSync(`${paths.sockets}/${half}.sock`, { force: true });
  for (const container of store.all())
    if (left.has(container.id.slice(0, 32))) await killRun(context, container);
  for (const name of entries(paths.runs))
    if (left.has(name.slice(0, 32))) rmSync(`${paths.runs}/${name}`, { recursive: true, force: true });
}

async function killRun(context: Context, container: Container): Promise<void> {
  await context.cgroups.kill(cgroupsPath(container)).catch(() => {});
  await cleanUpRun(context, container);
}

/** Kills the shims (they call themselves `shim <12 digits>`) of these containers, and with them what they made. */
function endShims(ids: ReadonlySet<string>): void {
  const short = new Set([...ids].map(shortId));
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    const title = /\0shim\0([0-9a-f]{12})\0/.exec(commandOf(pid))?.[1];
    if (title === undefined || !short.has(title)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

export async function finishRemovals(context: Context): Promise<void> {
  for (const container of context.store.all()) {
    if (container.state.status !== 'removing') continue;
    using _lock = await context.locks.take(container.id);
    await attempt(context, container.id, () =>
      removeLocked(context, container, { volumes: container.hostConfig.autoRemove }),
    );
  }
}

/** What a create that never became a record has made. */
export async function removeOrphans(context: Context): Promise<void> {
  const { paths, store, snapshotter, volumes } = context;
  for (const name of entries(paths.containers))
    if (!store.has(name)) rmSync(`${paths.containers}/${name}`, { recursive: true, force: true });
  for (const { key, committed } of snapshotter.list()) {
    const owner = committed ? null : containerOfSnapshot(key);
    if (owner !== null && !store.has(owner)) await attempt(context, key, () => snapshotter.remove(key));
  }
  for (const volume of await volumes.list())
    for (const holder of volumes.holders(volume.name)) {
      if (store.has(holder)) continue;
      volumes.release(holder);
      if (volume.anonymous && volumes.holders(volume.name).length === 0)
        await attempt(context, volume.name, () => volumes.remove(volume.name, true));
    }
}

/** One failure is logged and does not keep the daemon from starting. */
export async function attempt(context: Context, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.log('error', 'recovery', { id, error: messageOf(error) });
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
