/** docker attach: a client at the container's stdio, before or after its start. */
import { conflict } from '../lib/errors.ts';
import { type ShimClient, ShimGone } from '../shim/client.ts';
import { type Context, emitContainer } from './context.ts';
import { parseDetachKeys } from './detach-keys.ts';
import type { Container, ContainerStream } from './model.ts';
import { DeferredStream } from './stream.ts';

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  detachKeys: string;
}

function assertAttachable({ state }: Container, ref: string): void {
  if (state.status === 'paused')
    throw conflict(`container ${ref} is paused, unpause the container before attach`);
  if (state.status === 'restarting')
    throw conflict(`container ${ref} is restarting, wait until the container is running`);
}

export async function attach(
  context: Context,
  ref: string,
  options: AttachOptions,
): Promise<ContainerStream> {
  const keys = parseDetachKeys(options.detachKeys);
  const { id } = context.store.find(ref);
  using _lock = await context.locks.take(id);
  const container = context.store.byId(id);
  assertAttachable(container, ref);
  const { tty, openStdin } = container.config;
  const wants = { stdin: options.stdin && openStdin, stdout: options.stdout, stderr: options.stderr };
  const stream = new DeferredStream(tty, wants, tty ? keys : null);
  stream.endsWithInput = wants.stdin && (tty || !container.config.stdinOnce);
  const activity = context.activities.of(id);
  stream.onClose = (detached) => {
    activity.pending.delete(stream);
    if (detached) emitContainer(context, container, 'detach');
  };
  if (activity.shim === null) activity.pending.add(stream);
  else await connectNow(activity.shim, stream);
  emitContainer(context, container, 'attach');
  return stream;
}

/** A process that has just ended has nothing more to say. */
async function connectNow(shim: ShimClient, stream: DeferredStream): Promise<void> {
  try {
    stream.connect(await shim.attach({ ...stream.wants, hold: true }));
  } catch (error) {
    if (!(error instanceof ShimGone)) throw error;
    stream.fail();
  }
}

export async function resize(context: Context, ref: string, rows: number, columns: number): Promise<void> {
  const container = context.store.find(ref);
  const { shim } = context.activities.of(container.id);
  if (shim === null) throw conflict(`container ${container.id} is not running`);
  await shim.resize('', rows, columns);
  emitContainer(context, container, 'resize', { height: String(rows), width: String(columns) });
}
