/** Requests whose daemon is killed in the middle. */
import type { TestEngine } from '../rig/engine.ts';

export interface Step {
  name: string;
  path: string;
  method?: 'POST' | 'DELETE';
  body?: unknown;
  /** What the engine answers once it is done, status and text. */
  already: RegExp;
}

/** mulberry32: the same moments again for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `204 `, `404 network x not found`; null: the daemon was gone before it answered. */
export async function answer(engine: TestEngine, step: Step): Promise<string | null> {
  try {
    const response = await engine.api(step.path, {
      method: step.method ?? 'POST',
      body: JSON.stringify(step.body ?? {}),
      headers: { 'content-type': 'application/json' },
    });
    return `${response.status} ${await response.text()}`;
  } catch {
    return null;
  }
}

export const isDone = (text: string | null) => text !== null && /^2\d\d /.test(text);

/** Milliseconds from the request to its answer. */
export async function duration(engine: TestEngine, step: Step): Promise<number> {
  const before = performance.now();
  const text = await answer(engine, step);
  if (!isDone(text)) throw new Error(`${step.name}: ${text}`);
  return performance.now() - before;
}

/** Timers would round it. */
async function pause(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

/** Kills the daemon `delay` milliseconds after the request was made. */
export async function killedAfter(engine: TestEngine, step: Step, delay: number): Promise<string | null> {
  const answered = answer(engine, step);
  await pause(delay);
  await engine.stopDaemon('SIGKILL');
  return await answered;
}

/** The next daemon dies as well, while it takes over what the first has left. Who waits for it is answered by the one after. */
export async function killedWhileStarting(engine: TestEngine, delay: number): Promise<void> {
  engine.startDaemon().catch(() => {});
  await pause(delay);
  await engine.stopDaemon('SIGKILL');
}
