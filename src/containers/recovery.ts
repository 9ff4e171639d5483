/**
 * What a daemon does when it starts: takes over what runs, learns what ended meanwhile, and undoes what a predecessor
 * that was killed left half done. Truth is in this order: a live shim, the exit record, the database.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import { type ContainerId, shortId } from '../lib/ids.ts';
import { isErrno } from '../linux/errno.ts';
import { ShimClient, ShimGone } from '../shim/client.ts';
import type { ShimEvent } from '../shim/messages.ts';
import { readExitRecord } from '../shim/records.ts';
import type { Context } from './context.ts';
import { cleanUpRun, followShim, handleExit, milliseconds, unknownExit } from './exit.ts';
import { startHealthChecks } from './health.ts';
import type { Container } from './model.ts';
import { removeLocked } from './remove.ts';
import { cgroupsPath } from './spec.ts';
import { startLocked } from './start.ts';
import { isAlive } from './state.ts';

/** Docker's exit code of a container whose end nobody saw. */
const nobodySaw = 255;

export async function recover(context: Context): Promise<void> {
  const records = context.store.all();
  const alive = records.filter(({ state }) => isAlive(state));
  const adoptions = await Promise.all(alive.map((container) => adopt(context, container)));
  const running = adoptions.filter((adoption) => adoption.events !== null).map(({ container }) => container);
  await context.networks.recover(
    running.map(({ id, name, endpoints, ports }) => ({
      containerId: id,
      containerName: name,
      endpoints,
      ports,
    })),
  );
  await endLeftovers(context, new Set(running.map(({ id }) => id)));
  for (const { container, events } of adoptions) {
    if (events === null) await recordMissedExit(context, container);
    else {
      followShim(context, container.id, events);
      startHealthChecks(context, container);
    }
  }
  await finishRemovals(context);
  await removeOrphans(context);
  restartByPolicy(context);
}

interface Adoption {
  container: Container;
  /** null: there is no live shim. */
  events: AsyncIterator<ShimEvent> | null;
}

async function adopt(context: Context, container: Container): Promise<Adoption> {
  const client = new ShimClient(context.paths.of(container.id).socket);
  try {
    const events = (await client.watch())[Symbol.asyncIterator]();
    const first = await events.next();
    if (first.done) return { container, events: null };
    if (first.value.type === 'started') {
      context.activities.of(container.id).shim = client;
      return { container, events };
    }
    return { container, events: null };
  } catch (error) {
    // Anything else says nothing about the container: better no daemon than one that takes it for dead.
    if (error instanceof ShimGone) return { container, events: null };
    throw error;
  }
}

/** The exit record of this run tells; without one (a power loss, a killed shim) nobody saw the end. */
async function recordMissedExit(context: Context, container: Container): Promise<void> {
  const { id, state } = container;
  if (!isAlive(state)) return;
  const record = await readExitRecord(context.paths.of(id).exit).catch(() => undefined);
  const ofThisRun = record !== undefined && milliseconds(record.finishedAt) >= state.process.startedAt;
  if (!ofThisRun) await context.cgroups.kill(cgroupsPath(container));
  context.activities.of(id).stopping = container.stoppedByUser;
  await handleExit(context, id, ofThisRun ? record : unknownExit(nobodySaw));
}

/** Shims and cgroups of starts that were never acknowledged, and of shims that died: all that has a run directory or a socket. */
async function endLeftovers(context: Context, running: ReadonlySet<ContainerId>): Promise<void> {
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

async function finishRemovals(context: Context): Promise<void> {
  for (const container of context.store.all()) {
    if (container.state.status !== 'removing') continue;
    using _lock = await context.locks.take(container.id);
    await attempt(context, container.id, () =>
      removeLocked(context, container, { volumes: container.hostConfig.autoRemove }),
    );
  }
}

/** What a create that never became a record has made. */
async function removeOrphans(context: Context): Promise<void> {
  const { paths, store, snapshotter, volumes } = context;
  for (const name of entries(paths.containers))
    if (!store.has(name)) rmSync(`${paths.containers}/${name}`, { recursive: true, force: true });
  for (const { key, committed } of snapshotter.list())
    if (!committed && /^[0-9a-f]{64}$/.test(key) && !store.has(key))
      await attempt(context, key, () => snapshotter.remove(key));
  for (const volume of await volumes.list())
    for (const holder of volumes.holders(volume.name)) {
      if (store.has(holder)) continue;
      volumes.release(holder);
      if (volume.anonymous && volumes.holders(volume.name).length === 0)
        await attempt(context, volume.name, () => volumes.remove(volume.name, true));
    }
}

/** Restarts that were waiting, and containers that their policy wants to run whenever the daemon does. */
function restartByPolicy(context: Context): void {
  for (const container of context.store.all()) {
    if (!wantsToRun(container)) continue;
    void (async () => {
      using _lock = await context.locks.take(container.id);
      if (!context.store.has(container.id) || isAlive(context.store.byId(container.id).state)) return;
      await attempt(context, container.id, () => startLocked(context, container.id, { byUser: false }));
    })();
  }
}

export function wantsToRun({ state, hostConfig, stoppedByUser, restartCount }: Container): boolean {
  if (state.status === 'restarting') return true;
  if (state.status !== 'exited' || state.last.startedAt === 0) return false;
  const { name, maximumRetryCount } = hostConfig.restartPolicy;
  if (name === 'always') return true;
  if (stoppedByUser) return false;
  if (name === 'unless-stopped') return true;
  return (
    name === 'on-failure' &&
    state.last.code !== 0 &&
    (maximumRetryCount === 0 || restartCount < maximumRetryCount)
  );
}

async function attempt(context: Context, id: string, work: () => Promise<void>): Promise<void> {
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
