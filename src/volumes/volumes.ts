/** The volumes noun: named directories that outlive containers. Each method is a file of its own. */
import type { Database } from '../lib/database.ts';
import { type ContainerId, isName } from '../lib/ids.ts';
import { pull, push } from './artifact/transfer.ts';
import type { VolumeContext } from './context.ts';
import { create } from './create.ts';
import { LocalDriver } from './local/driver.ts';
import { get, recorded, survey } from './lookup.ts';
import type { Volume, VolumeRequest, Volumes } from './model.ts';
import { mount, reconcile, unmount } from './mounting.ts';
import { Plugins } from './plugins/plugins.ts';
import type { Filters } from './prune-filters.ts';
import { prune, remove } from './remove.ts';
import { finishRenames, rename } from './rename.ts';
import { listSnapshots, removeSnapshot, restore, takeSnapshot } from './snapshots.ts';
import { VolumeStore } from './store.ts';
import { copy, exportVolume, importVolume } from './transfer.ts';
import { Turns } from './turns.ts';

export interface VolumeOptions
  extends Pick<VolumeContext, 'directory' | 'emit' | 'log' | 'registries' | 'moveMounts'> {
  db: Database;
  /** Where volume plugins have their sockets and .spec and .json files. */
  pluginDirectories: readonly string[];
}

export class VolumeService implements Volumes {
  readonly #context: VolumeContext;

  constructor({ db, pluginDirectories, ...given }: VolumeOptions) {
    this.#context = {
      ...given,
      store: new VolumeStore(db),
      local: new LocalDriver(given.directory),
      plugins: new Plugins(pluginDirectories, given.log),
      turns: new Turns(),
    };
  }

  /** Once, before anything else is asked. What is mounted for whom is settled by `reconcile`. */
  async open(): Promise<void> {
    await this.#context.local.recover();
    finishRenames(this.#context);
  }

  create = (request: VolumeRequest) => create(this.#context, request);
  get = (name: string) => get(this.#context, name);
  list = async () => this.#context.store.list();
  survey = () => survey(this.#context);
  remove = (name: string, force: boolean) => remove(this.#context, name, force);
  prune = (filters: Filters) => prune(this.#context, filters);

  hold(name: string, container: ContainerId): void {
    this.#context.store.hold(recorded(this.#context, name).name, container);
  }
  release(container: ContainerId): void {
    this.#context.store.release(container);
  }
  holders(name: string): ContainerId[] {
    return this.#context.store.holders(name);
  }

  mount = (name: string, user: string) => mount(this.#context, name, user);
  unmount = (user: string) => unmount(this.#context, user);
  reconcile = (users: ReadonlySet<string>) => reconcile(this.#context, users);

  usage = async (name: string) => this.#context.local.usage(recorded(this.#context, name));

  drivers = () => [this.#context.local.name, ...this.#context.plugins.names()];

  copy: Volumes['copy'] = (source, target) => copy(this.#context, source, target);
  rename: Volumes['rename'] = (name, to) => rename(this.#context, name, to);
  export: Volumes['export'] = (name, signal) => exportVolume(this.#context, name, signal);
  import: Volumes['import'] = (name, archive, op) => importVolume(this.#context, name, archive, op);
  snapshot: Volumes['snapshot'] = (name, snapshot) => takeSnapshot(this.#context, name, snapshot);
  snapshots: Volumes['snapshots'] = (name) => listSnapshots(this.#context, name);
  removeSnapshot: Volumes['removeSnapshot'] = (name, snapshot) =>
    removeSnapshot(this.#context, name, snapshot);
  restore: Volumes['restore'] = (name, snapshot) => restore(this.#context, name, snapshot);
  push: Volumes['push'] = (name, reference, credentials, op) =>
    push(this.#context, name, reference, credentials, op);
  pull: Volumes['pull'] = (reference, name, credentials, op) =>
    pull(this.#context, reference, name, credentials, op);

  /** Local volumes without a directory, and directories that are no volume's. */
  audit(): { missing: Volume[]; orphans: string[] } {
    const { store, local } = this.#context;
    const volumes = store.list().filter(({ driver }) => driver === local.name);
    const known = new Set(volumes.map(({ name }) => name));
    return {
      missing: volumes.filter(({ name }) => !local.exists(name)),
      orphans: local.names().filter((name) => !known.has(name)),
    };
  }

  /** A volume of what is in the directory of that name: files are never thrown away for want of a record. */
  async adopt(name: string): Promise<void> {
    if (isName(name)) await this.create({ name, driver: 'local', options: {}, labels: {} });
  }

  /** The directory again, empty, of a volume that containers hold; the record of another goes. */
  async mend(volume: Volume): Promise<void> {
    const { store, local } = this.#context;
    if (this.holders(volume.name).length === 0) return store.remove(volume.name);
    await local.create(volume.name, volume.options);
  }
}
