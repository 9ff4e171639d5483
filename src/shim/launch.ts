import { internal } from '../lib/errors.ts';
import { shortId } from '../lib/ids.ts';
import { nativePath } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { ShimClient } from './client.ts';
import { EventQueue } from './event-queue.ts';
import { EventDecoder, encodeLaunch, type ShimEvent } from './messages.ts';
import type { Launch } from './protocol.ts';

/** A shim that this process spawned. It outlives this process. */
export interface RunningShim {
  /** The shim's own pid. */
  pid: number;
  /** `started` or `failed`, then the rest of the container's life; ends when the shim is gone. For one reader. */
  events: AsyncIterable<ShimEvent>;
  client: ShimClient;
}

/**
 * Spawns a shim in a session of its own and hands it its container. Resolves when its socket accepts connections
 * (the container is being made meanwhile); rejects when the shim could not come that far.
 */
export async function launchShim(launch: Launch, operations: readonly Operation[]): Promise<RunningShim> {
  const child = Bun.spawn([nativePath(), 'shim', shortId(launch.id)], {
    argv0: 'gantry-init',
    cwd: '/',
    env: {},
    stdin: encodeLaunch(launch, operations),
    stdout: 'pipe',
    stderr: 'ignore',
    detached: true,
  });
  child.unref();
  const events = new EventQueue<ShimEvent>();
  await new Promise<void>((resolve, reject) => {
    void relay(child.stdout, events, resolve, reject);
  });
  return { pid: child.pid, events, client: new ShimClient(launch.socketPath) };
}

async function relay(
  stdout: ReadableStream<Uint8Array>,
  events: EventQueue<ShimEvent>,
  listening: () => void,
  failed: (error: Error) => void,
): Promise<void> {
  const decoder = new EventDecoder();
  try {
    for await (const chunk of stdout)
      for (const event of decoder.push(chunk)) {
        if (event === 'listening') listening();
        else {
          if (event.type === 'failed') failed(internal(`shim: ${event.detail} (errno ${event.errno})`));
          events.push(event);
        }
      }
    failed(internal('the shim ended before it listened'));
    events.end();
  } catch (error) {
    failed(error instanceof Error ? error : internal(String(error)));
    events.end(error);
  }
}
