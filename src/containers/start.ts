/** POST /containers/x/start: addresses, files, the spec, the plan, one shim, and the word that the process runs. */
import { mkdirSync, rmSync } from 'node:fs';
import { conflict, internal, notModified } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { PublishedPort } from '../networks/model.ts';
import { startError } from '../runtime/failure.ts';
import { planContainer } from '../runtime/plan.ts';
import { ShimGone } from '../shim/client.ts';
import type { RunningShim } from '../shim/launch.ts';
import type { ShimEvent } from '../shim/messages.ts';
import { ensureBindSources } from './bind-sources.ts';
import { type Context, emitContainer } from './context.ts';
import { joinRequestOf, networkOperations } from './endpoints.ts';
import { writeNetworkFiles } from './etc-files.ts';
import { cleanUpRun, followShim } from './exit.ts';
import { startHealthChecks } from './health.ts';
import { viewsOf } from './image-views.ts';
import { launchOf } from './launch-of.ts';
import { refreshLinks } from './link-updates.ts';
import type { Container } from './model.ts';
import { mountSharedShm } from './shared-shm.ts';
import { specOf } from './spec-of.ts';
import { recordFailure } from './start-failure.ts';
import type { DeferredStream } from './stream.ts';
import { mountVolumes } from './volume-mounts.ts';

export async function start(context: Context, ref: string): Promise<void> {
  const { id } = context.store.find(ref);
  using _lock = await context.locks.take(id);
  await startLocked(context, id, { byUser: true });
}

function assertStartable(container: Container): void {
  switch (container.state.status) {
    case 'paused':
      throw conflict('cannot start a paused container, try unpause instead');
    case 'running':
      throw notModified(`container ${container.id} is already running`);
    case 'removing':
    case 'dead':
      throw conflict('container is marked for removal and cannot be started');
    case 'created':
    case 'exited':
    case 'restarting':
      return;
    default:
      container.state satisfies never;
  }
}

/** The caller holds the container's lock. */
export async function startLocked(
  context: Context,
  id: ContainerId,
  options: { byUser: boolean },
): Promise<void> {
  const container = context.store.byId(id);
  assertStartable(container);
  const activity = context.activities.of(id);
  if (activity.restartTimer !== null) clearTimeout(activity.restartTimer);
  activity.restartTimer = null;
  activity.stopping = false;
  if (options.byUser) activity.backOff = 0;
  const changes = options.byUser ? { restartCount: 0, stoppedByUser: false } : {};
  try {
    await run(context, container, changes);
  } catch (error) {
    await recordFailure(context, container, error);
    throw error;
  }
}

async function run(context: Context, container: Container, changes: Partial<Container>): Promise<void> {
  const { id } = container;
  await using undo = new AsyncDisposableStack();
  undo.defer(() => cleanUpRun(context, container));
  prepareRun(context, container);
  const joined = await context.networks.join(joinRequestOf(context, container));
  const { endpoints, ports } = joined;
  await writeNetworkFiles(context, { ...container, endpoints });
  await mountSharedShm(context, container);
  const mounts = await mountVolumes(context, container);
  const operations = planContainer({
    spec: specOf(context, { ...container, mounts }),
    root: context.snapshotter.mounts(id),
    rootPath: context.paths.of(id).rootfs,
    views: viewsOf(context, container),
    network: networkOperations(container, joined),
    cgroups: context.cgroups,
  });
  const activity = context.activities.of(id);
  const pending = [...activity.pending];
  const launch = launchOf(context, { ...container, endpoints }, pending.length);
  const shim = await context.shims.launch(launch, operations);
  const events = shim.events[Symbol.asyncIterator]();
  const [first] = await Promise.all([firstEvent(context, events), connect(shim, pending)]);
  if (first.type === 'failed') throw startError(operations, first);
  activity.shim = shim.client;
  for (const stream of pending) activity.pending.delete(stream);
  const started = context.store.transition(
    id,
    {
      type: 'started',
      process: {
        pid: first.pid,
        startTime: first.startTime,
        shimPid: shim.pid,
        startedAt: Number(BigInt(first.startedAt) / 1000n) / 1000,
      },
    },
    { ...changes, endpoints, ports, mounts, health: null },
  );
  followShim(context, id, events);
  undo.move();
  await publish(context, started, ports);
  await refreshLinks(context, started);
  emitContainer(context, started, 'start');
  startHealthChecks(context, started);
}

function prepareRun(context: Context, container: Container): void {
  const paths = context.paths.of(container.id);
  mkdirSync(paths.rootfs, { recursive: true, mode: 0o711 });
  for (const { path } of viewsOf(context, container)) mkdirSync(path, { mode: 0o711 });
  rmSync(paths.exit, { force: true });
  ensureBindSources(container.mounts);
}

/** The shim waits for as many attachments as it was told of. It may be gone before: its `failed` event says why. */
async function connect(shim: RunningShim, pending: DeferredStream[]): Promise<void> {
  await Promise.all(
    pending.map(async (stream) => {
      try {
        stream.connect(await shim.client.attach({ ...stream.wants, hold: true }));
      } catch (error) {
        stream.fail();
        // It would wait for this attachment for ever.
        if (!(error instanceof ShimGone)) process.kill(shim.pid, 'SIGKILL');
      }
    }),
  );
}

type Started = Extract<ShimEvent, { type: 'started' | 'failed' }>;

async function firstEvent(context: Context, events: AsyncIterator<ShimEvent>): Promise<Started> {
  for (;;) {
    const step = await events.next();
    if (step.done) throw internal('the shim ended before the container started');
    const event = step.value;
    if (event.type === 'started' || event.type === 'failed') return event;
    if (event.type === 'warning') context.log('debug', 'optional operation failed', { ...event });
  }
}

/** The process runs; when its ports cannot go live it is ended like any other. */
async function publish(context: Context, container: Container, ports: PublishedPort[]): Promise<void> {
  if (ports.length === 0) return;
  try {
    await context.networks.publish(container.id);
  } catch (error) {
    const activity = context.activities.of(container.id);
    activity.stopping = true;
    await activity.shim?.signal('', 9);
    throw error;
  }
}
