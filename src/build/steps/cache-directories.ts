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
import type { Mount } from '../dockerfile/dockerfile.ts';

export type CacheMount = Extract<Mount, { type: 'cache' }>;

/** Fills a fresh directory. */
export type Fill = (directory: string) => Promise<void>;

/** A directory that is being filled; one that a dead daemon left is swept away. */
const unfinished = '.new-';

export class CacheDirectories {
  readonly #root: string;
  /** Users of each directory, and who waits for it to be alone. */
  readonly #users = new Map<string, number>();
  readonly #turns = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
    mkdirSync(root, { recursive: true, mode: 0o710 });
    for (const name of readdirSync(root))
      if (name.startsWith(unfinished)) rmSync(join(root, name), { recursive: true, force: true });
  }

  /** The directory is the caller's until the stack is disposed: alone, or with others, as `sharing` says. */
  async take(mount: CacheMount, fill: Fill, stack: AsyncDisposableStack): Promise<string> {
    const name = nameOf(mount.id);
    if (mount.sharing === 'locked') stack.use(await this.#turn(name));
    const chosen = mount.sharing === 'private' ? this.#unused(name) : name;
    this.#users.set(chosen, (this.#users.get(chosen) ?? 0) + 1);
    stack.defer(() => this.#leave(chosen));
    const path = join(this.#root, chosen);
    if (!existsSync(path)) await this.#make(path, chosen, mount, fill);
    // When it was used last.
    utimesSync(path, new Date(), new Date());
    return path;
  }

  async #turn(name: string): Promise<Disposable> {
    const before = this.#turns.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turns.set(name, promise);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#turns.get(name) === promise) this.#turns.delete(name);
        resolve();
      },
    };
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

  remove(name: string): void {
    rmSync(join(this.#root, name), { recursive: true, force: true });
  }
}

const nameOf = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 32);
