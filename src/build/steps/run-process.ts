/** One process of a build: a container that exists for it alone, and what it left behind as a layer. */

import type { ContainerStream } from '../../containers/model.ts';
import type { Containers } from '../../containers/service.ts';
import type { Layer, Layering } from '../../images/model.ts';
import type { ContainerId } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import type { Snapshotter } from '../../snapshots/snapshotter.ts';
import { StepFailed } from '../failure.ts';
import type { Step } from '../report.ts';
import { chainOf, type StageState } from '../stage/state.ts';
import { containerRequest, type StepProcess } from './container-request.ts';
import { frames } from './frames.ts';

export interface ProcessParts {
  containers: Containers;
  layering: Layering;
  snapshotter: Snapshotter;
}

/** `newest`: see DiffOptions. Throws StepFailed when the process does. Nothing of it is left when this returns. */
export async function runProcess(
  { containers, layering, snapshotter }: ProcessParts,
  state: StageState,
  process: StepProcess,
  { step, newest, mountPoints }: { step: Step; newest: number | null; mountPoints: readonly string[] },
  op: Operational,
): Promise<Layer | null> {
  op.signal.throwIfAborted();
  const { id } = await containers.create(containerRequest(state, process));
  step.container(id);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => containers.remove(id, { force: true, volumes: true, link: false }));
  const code = await outcome(containers, id, step, op.signal);
  op.signal.throwIfAborted();
  if (code !== 0) throw new StepFailed(process.argv.join(' '), code);
  const changes = snapshotter.diff(id, {
    signal: op.signal,
    mountPoints,
    ...(newest !== null && { newest }),
  });
  return await layering.add(chainOf(state), changes, op);
}

/** The exit code. When `signal` aborts the process is killed. */
async function outcome(
  containers: Containers,
  id: ContainerId,
  step: Step,
  signal: AbortSignal,
): Promise<number> {
  const stream = await containers.attach(id, { stdin: false, stdout: true, stderr: true, detachKeys: '' });
  const { result } = await containers.wait(id, 'next-exit', signal);
  const kill = () => void containers.kill(id, 'SIGKILL').catch(() => undefined);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const told = tell(stream, step);
    await containers.start(id);
    if (signal.aborted) kill();
    await told;
    return (await result).code;
  } finally {
    signal.removeEventListener('abort', kill);
    stream.close();
  }
}

async function tell(stream: ContainerStream, step: Step): Promise<void> {
  for await (const { stream: name, bytes } of frames(stream.output)) step.output(name, bytes);
}
