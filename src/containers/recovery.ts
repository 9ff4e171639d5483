import { ShimClient, ShimGone } from '../shim/client.ts';
import type { ShimEvent } from '../shim/messages.ts';
import { readExitRecord } from '../shim/records.ts';
import type { Context } from './context.ts';
import { identityOf } from './endpoints.ts';
import { mendNetworkFiles } from './etc-files.ts';
import { followShim, handleExit, milliseconds, unknownExit } from './exit.ts';
import { startHealthChecks } from './health.ts';
import { attempt, endLeftovers, finishRemovals, removeOrphans } from './leftovers.ts';
import { allowLinks } from './link-updates.ts';
import type { Container } from './model.ts';
import { endBriefPause } from './pause.ts';
import { remove } from './remove.ts';
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
    running.flatMap((container) =>
      isAlive(container.state)
        ? [
            {
              ...identityOf(context, container),
              endpoints: container.endpoints,
              ports: container.ports,
              inside: container.state.process,
            },
          ]
        : [],
    ),
  );
  for (const container of running) {
    await allowLinks(context, container);
    await attempt(context, container.id, () => mendNetworkFiles(context, container));
  }
  const ids = new Set(running.map(({ id }) => id));
  await endLeftovers(context, ids);
  await context.volumes.reconcile(ids);
  for (const { container, events } of adoptions) {
    if (events === null) await recordMissedExit(context, container);
    else {
      followShim(context, container.id, events);
      startHealthChecks(context, container);
      await endBriefPause(context, container.id);
    }
  }
  await finishRemovals(context);
  await removeBuildSteps(context);
  await removeOrphans(context);
  restartByPolicy(context);
}

/** Their build ended with the daemon. */
async function removeBuildSteps(context: Context): Promise<void> {
  for (const { id, isBuildStep } of context.store.all())
    if (isBuildStep)
      await attempt(context, id, () => remove(context, id, { force: true, volumes: true, link: false }));
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
