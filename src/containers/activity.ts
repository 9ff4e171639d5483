/** What the daemon holds in memory for a container while it lives: its shim, who waits for it, its timers. */
import type { ContainerId } from '../lib/ids.ts';
import type { ShimClient } from '../shim/client.ts';
import type { DeferredStream } from './stream.ts';

export interface WaitResult {
  code: number;
  error: string;
}

export class Activity {
  /** Present while there is a process. */
  shim: ShimClient | null = null;
  /** Attachments made before the start, connected by it. */
  readonly pending = new Set<DeferredStream>();
  readonly exitWaiters = new Set<(result: WaitResult) => void>();
  readonly removeWaiters = new Set<(result: WaitResult) => void>();
  /** Ends the health checks of this run. */
  health: AbortController | null = null;
  /** The restart that the policy has scheduled, and how long the next one would wait. */
  restartTimer: ReturnType<typeof setTimeout> | null = null;
  backOff = 0;
  /** A stop or kill was asked for: the policy leaves the coming exit alone. */
  stopping = false;
  removing = false;
  /** A user's restart is between stop and start: --rm does not remove. */
  restarting = false;

  exited(result: WaitResult): void {
    notify(this.exitWaiters, result);
  }
  removed(result: WaitResult): void {
    notify(this.exitWaiters, result);
    notify(this.removeWaiters, result);
    for (const stream of this.pending) stream.fail();
    this.pending.clear();
  }
  /** Ends what this daemon does for it. */
  close(): void {
    if (this.restartTimer !== null) clearTimeout(this.restartTimer);
    this.health?.abort();
    for (const stream of this.pending) stream.fail();
  }
  /** Resolves at the next exit. */
  nextExit(): Promise<WaitResult> {
    return new Promise((resolve) => this.exitWaiters.add(resolve));
  }
}

function notify(waiters: Set<(result: WaitResult) => void>, result: WaitResult): void {
  const all = [...waiters];
  waiters.clear();
  for (const resolve of all) resolve(result);
}

export class Activities {
  readonly #all = new Map<ContainerId, Activity>();

  of(id: ContainerId): Activity {
    let activity = this.#all.get(id);
    if (activity === undefined) {
      activity = new Activity();
      this.#all.set(id, activity);
    }
    return activity;
  }
  forget(id: ContainerId): void {
    this.#all.delete(id);
  }
  all(): Iterable<Activity> {
    return this.#all.values();
  }
}
