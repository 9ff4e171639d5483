/** Execs live in memory, as Docker's do: they do not outlast the daemon. */
import { notFound } from '../lib/errors.ts';
import type { ContainerId, ExecId } from '../lib/ids.ts';
import type { Exec } from './model.ts';

/** Finished execs that inspect can still show. */
const keptFinished = 256;

export class ExecRegistry {
  readonly #all = new Map<string, Exec>();
  readonly #finished: ExecId[] = [];
  readonly #waiters = new Map<string, ((code: number) => void)[]>();

  add(exec: Exec): void {
    this.#all.set(exec.id, exec);
  }
  /** Throws Docker's "No such exec instance". */
  get(id: string): Exec {
    const exec = this.#all.get(id);
    if (exec === undefined) throw notFound(`No such exec instance: ${id}`);
    return exec;
  }
  find(id: string): Exec | undefined {
    return this.#all.get(id);
  }
  setState(id: ExecId, state: Exec['state']): void {
    const exec = this.#all.get(id);
    if (exec === undefined || exec.state.status === 'exited') return;
    this.#all.set(id, { ...exec, state });
    if (state.status === 'exited') this.#finish(id, state.code);
  }
  #finish(id: ExecId, code: number): void {
    for (const resolve of this.#waiters.get(id) ?? []) resolve(code);
    this.#waiters.delete(id);
    this.#finished.push(id);
    if (this.#finished.length > keptFinished) this.#all.delete(this.#finished.shift() ?? '');
  }
  /** The exit code, when there is one. */
  exited(id: ExecId): Promise<number> {
    const { state } = this.get(id);
    if (state.status === 'exited') return Promise.resolve(state.code);
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(id) ?? [];
      waiters.push(resolve);
      this.#waiters.set(id, waiters);
    });
  }
  /** Those of one container that have not ended. */
  active(container: ContainerId): Exec[] {
    return [...this.#all.values()].filter(
      (exec) => exec.containerId === container && exec.state.status !== 'exited',
    );
  }
  remove(id: ExecId): void {
    this.#all.delete(id);
  }
  /** The container is gone, and so are its execs. */
  removeAll(container: ContainerId): void {
    for (const exec of [...this.#all.values()]) if (exec.containerId === container) this.#all.delete(exec.id);
  }
}
