/**
 * What a daemon does when it starts: takes over what runs, learns what ended meanwhile, and undoes what a predecessor
 * that was killed left half done. Truth is in this order: a live shim, the exit record, the database.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import { type ContainerId, parseContainerId, shortId } from '../lib/ids.ts';
import { isErrno } from '../linux/errno.ts';
import { ShimClient } from '../shim/client.ts';
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
  } catch {
    return { container, events: null };
  }
}

/** The exit record of this run tells; without one (a power loss, a killed shim) nobody saw the end. */
async function recordMissedExit(context: Context, container: Container): Promise<void> {
  const { id, state } = container;
  if (!isAlive(state)) return;
  const record = await readExitRecord(context.paths.of(id).exit).catch(() => undefined);
  const ofThisRun = record !== undefined && milliseconds(record.finishedAt) >= state.process.startedAt;
  context.activities.of(id).stopping = container.stoppedByUser;
  await handleExit(context, id, ofThisRun ? record : unknownExit(nobodySaw));
}

/** Shims and cgroups of starts that were never acknowledged, and of shims that died: all that has a run directory or a socket. */
async function endLeftovers(context: Context, running: ReadonlySet<ContainerId>): Promise<void> {
  const { paths, store } = context;
  const known = new Map(store.all().map((container) => [container.id.slice(0, 32), container]));
  const runs = new Set(entries(paths.runs).filter((name) => /^[0-9a-f]{64}$/.test(name)));
  for (const socket of entries(paths.sockets)) {
    const half = socket.replace('.sock', '');
    const record = known.get(half);
    if (record !== undefined) runs.add(record.id);
    else if (![...runs].some((run) => run.startsWith(half)))
      await endShim(`${paths.sockets}/${socket}`, half);
  }
  for (const name of runs) {
    const id = parseContainerId(name);
    if (running.has(id)) continue;
    await endShim(paths.of(id).socket, id);
    const container = store.has(id) ? store.byId(id) : null;
    if (container === null) rmSync(paths.of(id).run, { recursive: true, force: true });
    else await killRun(context, container);
  }
}

async function killRun(context: Context, container: Container): Promise<void> {
  await context.cgroups.kill(cgroupsPath(container)).catch(() => {});
  await cleanUpRun(context, container);
}

/** Ends the process of a shim that nobody will talk to any more, and the shim. */
async function endShim(socket: string, id: string): Promise<void> {
  for (const pid of shimProcesses(id)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
  rmSync(socket, { force: true });
}

/** Processes that call themselves `shim <12 digits>`. */
function shimProcesses(id: string): number[] {
  const title = `\0shim\0${shortId(id)}\0`;
  return entries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(title);
      } catch {
        return false;
      }
    })
    .map(Number);
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
