/**
 * A tree that is written to by descriptors: every directory on the way is opened from the one above it and may be no link, so
 * neither the archive nor whoever else writes to the tree leads out of it.
 */
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { cleanPath } from '../../lib/clean-path.ts';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

export class Directories implements Disposable {
  readonly #root: number;
  /** Those that are open, from the root down. */
  readonly #open: { name: string; fd: number }[] = [];

  /** Cleaned, for messages. */
  readonly path: string;

  constructor(path: string) {
    this.path = cleanPath(path);
    try {
      this.#root = openSync(path, O_RDONLY | O_DIRECTORY);
    } catch (error) {
      throw new ExitError(`open ${path}: ${reasonOf(error)}`);
    }
  }

  /** The name of something in the tree that the kernel resolves from the descriptor of its directory, which is made when missing. */
  entry(parts: readonly string[]): Buffer {
    const fd = this.#directory(parts.slice(0, -1));
    return entryOf(fd, parts.at(-1) ?? '.');
  }

  shown(parts: readonly string[]): string {
    return [
      this.path.replace(/\/$/, ''),
      ...parts.map((part) => Buffer.from(part, 'latin1').toString()),
    ].join('/');
  }

  #directory(parts: readonly string[]): number {
    let depth = 0;
    while (depth < parts.length && this.#open[depth]?.name === parts[depth]) depth++;
    this.#close(depth);
    for (const [index, name] of parts.entries())
      if (index >= depth) this.#open.push({ name, fd: this.#step(parts.slice(0, index + 1), name) });
    return this.#top();
  }

  #top(): number {
    return this.#open.at(-1)?.fd ?? this.#root;
  }

  #step(parts: readonly string[], name: string): number {
    const path = entryOf(this.#top(), name);
    const open = () => openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      try {
        return open();
      } catch (error) {
        if (!isMissing(error)) throw error;
        mkdirSync(path, 0o755);
        return open();
      }
    } catch (error) {
      throw new ExitError(`open ${this.shown(parts)}: ${reasonOf(error)}`);
    }
  }

  #close(depth: number): void {
    for (const { fd } of this.#open.splice(depth)) closeSync(fd);
  }

  [Symbol.dispose](): void {
    this.#close(0);
    closeSync(this.#root);
  }
}

const entryOf = (fd: number, name: string) =>
  Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), Buffer.from(name, 'latin1')]);

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';
