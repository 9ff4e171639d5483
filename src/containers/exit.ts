/** What happens when a container's process is gone. */
import { rmSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { ShimEvent } from '../shim/messages.ts';
import type { ExitRecord } from '../shim/protocol.ts';
import { readExitRecord } from '../shim/records.ts';
import { type Context, emitContainer } from './context.ts';
import { withoutAddresses } from './endpoints.ts';
import type { Container, Exit } from './model.ts';
import { removeLocked } from './remove.ts';
import { scheduleRestart, shouldRestart } from './restart-policy.ts';
import { unmountSharedShm } from './shared-shm.ts';
import { cgroupsPath } from './spec.ts';
import { isAlive } from './state.ts';
import { unmountVolumes } from './volume-mounts.ts';

/** Listens to a shim until it is gone. */
export function followShim(context: Context, id: ContainerId, events: AsyncIterator<ShimEvent>): void {
  follow(context, id, events).catch((error) =>
    context.log('error', 'following a shim failed', { id, error: messageOf(error) }),
  );
}

async function follow(context: Context, id: ContainerId, events: AsyncIterator<ShimEvent>): Promise<void> {
  for (;;) {
    const step = await events.next().catch(() => ({ done: true as const, value: undefined }));
    if (context.life.closed) return;
    if (step.done) break;
    const event = step.value;
    if (event.type === 'oom') emitContainer(context, context.store.byId(id), 'oom');
    else if (event.type === 'exec-exited') execExited(context, id, event.execId, event.code);
    else if (event.type === 'exited') return await handleExit(context, id, event);
  }
  await shimLost(context, id);
}

function execExited(context: Context, id: ContainerId, execId: string, code: number): void {
  const exec = context.execs.find(execId);
  if (exec === undefined) return;
  const pid = 'pid' in exec.state ? exec.state.pid : 0;
  context.execs.setState(exec.id, { status: 'exited', pid, code });
  emitContainer(context, context.store.byId(id), 'exec_die', { execID: execId, exitCode: String(code) });
}

/** The shim ended without a word: killed. What it left is the exit record, or nothing, and then the container dies with it. */
export async function shimLost(context: Context, id: ContainerId): Promise<void> {
  if (context.life.closed || !context.store.has(id)) return;
  const container = context.store.byId(id);
  const record = await readExitRecord(context.paths.of(id).exit).catch(() => undefined);
  if (record === undefined) await context.cgroups.kill(cgroupsPath(container));
  await handleExit(context, id, record ?? unknownExit(137));
}

export function unknownExit(code: number): ExitRecord {
  return { code, signal: 0, oom: false, finishedAt: String(BigInt(Date.now()) * 1_000_000n) };
}

/** Nanoseconds as decimal digits to milliseconds with fraction. */
export const milliseconds = (nanoseconds: string) => Number(BigInt(nanoseconds) / 1000n) / 1000;

export async function handleExit(
  context: Context,
  id: ContainerId,
  exited: Pick<ExitRecord, 'code' | 'oom' | 'finishedAt'>,
): Promise<void> {
  using _lock = await context.locks.take(id);
  if (context.life.closed || !context.store.has(id)) return;
  const before = context.store.byId(id);
  if (!isAlive(before.state)) return;
  const exit: Exit = {
    code: exited.code,
    oom: exited.oom,
    error: '',
    startedAt: before.state.process.startedAt,
    finishedAt: milliseconds(exited.finishedAt),
  };
  const activity = context.activities.of(id);
  activity.shim = null;
  activity.health?.abort();
  activity.health = null;
  const container = context.store.transition(
    id,
    { type: 'exit', exit },
    { endpoints: withoutAddresses(before), ports: [] },
  );
  const cleaned = cleanUpRun(context, before);
  emitContainer(context, container, 'die', {
    exitCode: String(exit.code),
    execDuration: String(Math.floor((exit.finishedAt - exit.startedAt) / 1000)),
  });
  activity.exited({ code: exit.code, error: '' });
  await cleaned;
  if (shouldRestart(container, activity)) scheduleRestart(context, container, activity);
  else if (container.hostConfig.autoRemove && !activity.restarting)
    await removeLocked(context, container, { volumes: true });
}

/** Undoes what a start made: processes that share a pid namespace with others, addresses, cgroups, the run's directory. */
export async function cleanUpRun(context: Context, container: Container): Promise<void> {
  const cgroup = cgroupsPath(container);
  for (const exec of context.execs.active(container.id))
    context.execs.setState(exec.id, { status: 'exited', pid: 0, code: 137 });
  const cgroupGone = async () => {
    if (container.hostConfig.pidMode !== '') await context.cgroups.kill(cgroup);
    await context.cgroups.remove(cgroup);
  };
  const filesGone = async () => {
    await unmountSharedShm(context, container);
    rmSync(context.paths.of(container.id).run, { recursive: true, force: true });
  };
  const results = await Promise.allSettled([
    context.networks.release(container.id),
    cgroupGone(),
    filesGone(),
    unmountVolumes(context, container.id),
  ]);
  for (const result of results)
    if (result.status === 'rejected')
      context.log('warn', 'cleaning up after a container failed', {
        id: container.id,
        error: messageOf(result.reason),
      });
}
