/** The containers noun: each method is a file of its own. */
import type { Database } from '../lib/database.ts';
import type { ContainerId, Digest } from '../lib/ids.ts';
import { Shims } from '../shim/spare.ts';
import type { Volume } from '../volumes/model.ts';
import { Activities } from './activity.ts';
import { getArchive, putArchive, statPath } from './archive.ts';
import { attach, resize } from './attach.ts';
import { changes } from './changes.ts';
import { commit } from './commit.ts';
import { connect, disconnect } from './connect.ts';
import type { Context } from './context.ts';
import { create } from './create.ts';
import { createExec, resizeExec, startExec } from './exec.ts';
import { ExecRegistry } from './exec-registry.ts';
import { explainCreate } from './explain.ts';
import { exportRoot } from './export.ts';
import { kill } from './kill.ts';
import { Locks } from './locks.ts';
import { logs } from './logs.ts';
import { Paths } from './paths.ts';
import { pause, unpause } from './pause.ts';
import { prune } from './prune.ts';
import { recover } from './recovery.ts';
import { remove } from './remove.ts';
import type { Containers } from './service.ts';
import { start } from './start.ts';
import { isAlive } from './state.ts';
import { sample, size, top } from './stats.ts';
import { restart, stop } from './stop.ts';
import { ContainerStore } from './store.ts';
import { rename, update } from './update.ts';
import { moveVolume } from './volume-mounts.ts';
import { wait } from './wait.ts';
import { warmUp } from './warm-up.ts';

/** Milliseconds: the request for which the daemon was started goes first. */
const soon = 100;

export type ContainerServiceOptions = Omit<
  Context,
  'store' | 'creating' | 'activities' | 'execs' | 'locks' | 'paths' | 'life' | 'shims'
> & {
  db: Database;
  dataRoot: string;
  execRoot: string;
};

export class ContainerService implements Containers {
  readonly #context: Context;

  constructor({ db, dataRoot, execRoot, ...given }: ContainerServiceOptions) {
    this.#context = {
      ...given,
      store: new ContainerStore(db),
      creating: new Set(),
      activities: new Activities(),
      execs: new ExecRegistry(),
      locks: new Locks(),
      shims: new Shims(),
      life: { closed: false },
      paths: new Paths(dataRoot, execRoot),
    };
  }

  /** Once, before anything else is asked. */
  async recover(): Promise<void> {
    await recover(this.#context);
    this.#context.shims.prepare();
    setTimeout(warmUp, soon).unref();
  }

  /** Lets go of timers and shims; containers run on. */
  async close(): Promise<void> {
    this.#context.life.closed = true;
    this.#context.shims[Symbol.dispose]();
    for (const activity of this.#context.activities.all()) activity.close();
    await this.#context.locks.idle();
  }

  /** Containers made from an image or with it mounted, with whether they run: for `rmi`. */
  usersOf(imageId: Digest): { id: ContainerId; name: string; running: boolean }[] {
    return this.#context.store
      .all()
      .filter(
        ({ imageId: own, mounts }) => own === imageId || mounts.some(({ image }) => image?.id === imageId),
      )
      .map(({ id, name, state }) => ({ id, name, running: isAlive(state) }));
  }

  /** Whether there is, or is about to be, a container of this id. */
  isKnown(id: string): boolean {
    return this.#context.store.has(id) || this.#context.creating.has(id as ContainerId);
  }

  /** A volume got another name: the records of containers that hold it follow. */
  moveVolume(holders: readonly ContainerId[], from: Volume, to: Volume): void {
    moveVolume(this.#context, holders, from, to);
  }

  create: Containers['create'] = (request) => create(this.#context, request);
  start: Containers['start'] = (ref) => start(this.#context, ref);
  stop: Containers['stop'] = (ref, options) => stop(this.#context, ref, options);
  restart: Containers['restart'] = (ref, options) => restart(this.#context, ref, options);
  kill: Containers['kill'] = (ref, signal) => kill(this.#context, ref, signal);
  pause: Containers['pause'] = (ref) => pause(this.#context, ref);
  unpause: Containers['unpause'] = (ref) => unpause(this.#context, ref);
  rename: Containers['rename'] = (ref, name) => rename(this.#context, ref, name);
  remove: Containers['remove'] = (ref, options) => remove(this.#context, ref, options);
  wait: Containers['wait'] = async (ref, condition, signal) => wait(this.#context, ref, condition, signal);
  commit: Containers['commit'] = (ref, request, op) => commit(this.#context, ref, request, op);
  connect: Containers['connect'] = (ref, network, request) => connect(this.#context, ref, network, request);
  disconnect: Containers['disconnect'] = (ref, network, force) =>
    disconnect(this.#context, ref, network, force);
  update: Containers['update'] = (ref, changes) => update(this.#context, ref, changes);

  statPath: Containers['statPath'] = (ref, path) => statPath(this.#context, ref, path);
  getArchive: Containers['getArchive'] = (ref, path) => getArchive(this.#context, ref, path);
  putArchive: Containers['putArchive'] = (ref, path, archive, options) =>
    putArchive(this.#context, ref, path, archive, options);
  changes: Containers['changes'] = (ref, signal) => changes(this.#context, ref, signal);
  export: Containers['export'] = (ref) => exportRoot(this.#context, ref);

  get: Containers['get'] = async (ref) => {
    const container = this.#context.store.find(ref);
    return { ...container, execIds: this.#context.execs.active(container.id).map((exec) => exec.id) };
  };
  list: Containers['list'] = async () => this.#context.store.all();
  size: Containers['size'] = (ref) => size(this.#context, ref);
  top: Containers['top'] = (ref, psArgs) => top(this.#context, ref, psArgs);
  sample: Containers['sample'] = (ref) => sample(this.#context, ref);
  prune: Containers['prune'] = (filters) => prune(this.#context, filters);

  attach: Containers['attach'] = (ref, options) => attach(this.#context, ref, options);
  resize: Containers['resize'] = (ref, rows, columns) => resize(this.#context, ref, rows, columns);
  logs: Containers['logs'] = (ref, query, signal) => logs(this.#context, ref, query, signal);

  createExec: Containers['createExec'] = (ref, request) => createExec(this.#context, ref, request);
  startExec: Containers['startExec'] = (id, options) => startExec(this.#context, id, options);
  getExec: Containers['getExec'] = async (id) => this.#context.execs.get(id);
  resizeExec: Containers['resizeExec'] = (id, rows, columns) => resizeExec(this.#context, id, rows, columns);

  explain: Containers['explain'] = (request) => explainCreate(this.#context, request);
}
