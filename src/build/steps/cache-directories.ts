/** The directories of `RUN --mount=type=cache`: they outlive the build, and other builds use them too. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAbort } from '../../lib/abort.ts';
import type { Mount } from '../dockerfile/dockerfile.ts';

export type CacheMount = Extract<Mount, { type: 'cache' }>;

/** `seed`: what it is filled with at first; null: nothing. */
export interface WantedCache {
  mount: CacheMount;
  seed: string | null;
}

/** Fills a fresh directory. */
export type Fill = (directory: string) => Promise<void>;

/** A directory that is being filled; one that a dead daemon left is swept away. */
const unfinished = '.new-';

export class CacheDirectories {
  readonly #root: string;
  /** Users of each directory, and who waits for it to be alone. */
  readonly #users = new Map<string, number>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #beingMade = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
    mkdirSync(root, { recursive: true, mode: 0o710 });
    for (const name of readdirSync(root))
      if (name.startsWith(unfinished)) rmSync(join(root, name), { recursive: true, force: true });
  }

  /**
   * Waits until the caller has these alone, of those who lock them. All that one step wants at once, and everybody in the same order: two
   * steps that want the same ones never wait for each other.
   */
  async lock(
    caches: readonly WantedCache[],
    signal: AbortSignal,
    stack: AsyncDisposableStack,
  ): Promise<void> {
    const locked = caches.filter(({ mount }) => mount.sharing === 'locked');
    for (const name of [...new Set(locked.map(nameOf))].toSorted()) stack.use(await this.#turn(name, signal));
  }

  /** The directory is the caller's until the stack is disposed: alone, or with others, as `sharing` says; one that is locked: see `lock`. */
  async take(cache: WantedCache, fill: Fill, stack: AsyncDisposableStack): Promise<string> {
    const name = nameOf(cache);
    const chosen = cache.mount.sharing === 'private' ? this.#unused(name) : name;
    this.#users.set(chosen, (this.#users.get(chosen) ?? 0) + 1);
    stack.defer(() => this.#leave(chosen));
    const path = join(this.#root, chosen);
    if (!existsSync(path)) await this.#makeOnce(path, chosen, cache.mount, fill);
    // When it was used last.
    utimesSync(path, new Date(), new Date());
    return path;
  }

  async #turn(name: string, signal: AbortSignal): Promise<Disposable> {
    const before = this.#turns.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turns.set(name, promise);
    const release = () => {
      if (this.#turns.get(name) === promise) this.#turns.delete(name);
      resolve();
    };
    try {
      if (before !== undefined) await beforeAbort(before, signal);
    } catch (error) {
      // Whoever waits behind us still has to wait for those before.
      void before?.then(release);
      throw error;
    }
    return { [Symbol.dispose]: release };
  }

  #leave(name: string): void {
    const users = (this.#users.get(name) ?? 1) - 1;
    if (users === 0) this.#users.delete(name);
    else this.#users.set(name, users);
  }

  #unused(name: string): string {
    for (let number = 0; ; number++) {
      const candidate = number === 0 ? name : `${name}-${number}`;
      if (!this.#users.has(candidate)) return candidate;
    }
  }

  /** Those who want it meanwhile wait; when it fails each tries itself. */
  async #makeOnce(path: string, name: string, mount: CacheMount, fill: Fill): Promise<void> {
    while (!existsSync(path)) {
      const running = this.#beingMade.get(name);
      if (running !== undefined) await running.catch(() => undefined);
      else {
        const making = this.#make(path, name, mount, fill).finally(() => this.#beingMade.delete(name));
        this.#beingMade.set(name, making);
        await making;
      }
    }
  }

  async #make(path: string, name: string, { mode, uid, gid }: CacheMount, fill: Fill): Promise<void> {
    const stage = join(this.#root, `${unfinished}${name}`);
    rmSync(stage, { recursive: true, force: true });
    mkdirSync(stage);
    try {
      await fill(stage);
      chownSync(stage, uid ?? 0, gid ?? 0);
      chmodSync(stage, mode ?? 0o755);
      renameSync(stage, path);
    } catch (error) {
      rmSync(stage, { recursive: true, force: true });
      throw error;
    }
  }

  isUsed = (name: string): boolean => this.#users.has(name);

  path = (name: string): string => join(this.#root, name);

  names = (): string[] => readdirSync(this.#root).filter((name) => !name.startsWith(unfinished));

  /** False: somebody uses it. */
  remove(name: string): boolean {
    if (this.isUsed(name)) return false;
    rmSync(join(this.#root, name), { recursive: true, force: true });
    return true;
  }
}

/** As in BuildKit what it is born with is part of what it is. */
function nameOf({ mount: { id, mode, uid, gid }, seed }: WantedCache): string {
  const born = [mode, uid, gid, seed].some((value) => value !== null)
    ? `\0${JSON.stringify([mode, uid, gid, seed])}`
    : '';
  return createHash('sha256').update(`${id}${born}`).digest('hex').slice(0, 32);
}
