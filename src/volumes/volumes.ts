/** The volumes noun: named directories that outlive containers. */
import type { Database } from '../lib/database.ts';
import { conflict, messageOf, notFound } from '../lib/errors.ts';
import type { Emit } from '../lib/events.ts';
import type { ContainerId, Name } from '../lib/ids.ts';
import type { Log } from '../lib/op.ts';
import type { RootMount } from '../linux/mounts.ts';
import { LocalDriver } from './local-driver.ts';
import type { Volume, Volumes } from './model.ts';
import { newAnonymousName, parseVolumeName } from './names.ts';
import { type Filters, prunable } from './prune-filters.ts';
import { VolumeStore } from './store.ts';

export interface VolumeOptions {
  db: Database;
  /** <data-root>/volumes */
  directory: string;
  emit: Emit;
  log: Log;
}

/** Docker's mark on volumes that nobody named. */
const anonymousLabel = 'com.docker.volume.anonymous';

export class VolumeService implements Volumes {
  readonly #options: VolumeOptions;
  readonly #store: VolumeStore;
  readonly #local: LocalDriver;

  constructor(options: VolumeOptions) {
    this.#options = options;
    this.#store = new VolumeStore(options.db);
    this.#local = new LocalDriver(options.directory);
  }

  /** After a reboot: mounts again what containers expect to find. A device that is missing is not fatal. */
  async open(): Promise<void> {
    for (const volume of this.#store.list()) {
      if (Object.keys(volume.options).length === 0 || this.holders(volume.name).length === 0) continue;
      await this.#local.mount(volume).catch((error) => this.#options.log('warn', messageOf(error)));
    }
  }

  async create(request: {
    name: string;
    driver: string;
    options: Record<string, string>;
    labels: Record<string, string>;
  }): Promise<Volume> {
    const driver = request.driver || 'local';
    const existing = this.#store.find(request.name);
    if (existing && request.driver !== '' && existing.driver !== driver)
      throw conflict(`create ${request.name}: conflict: volume name must be unique`);
    const volume = existing ?? this.#make(request, driver);
    await this.#local.mount(volume);
    return volume;
  }

  #make(
    request: { name: string; options: Record<string, string>; labels: Record<string, string> },
    driver: string,
  ): Volume {
    if (driver !== 'local')
      throw notFound(
        `create ${request.name}: error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`,
      );
    const anonymous = request.name === '';
    const name: Name = anonymous ? newAnonymousName() : parseVolumeName(request.name);
    this.#local.checkOptions(name, request.options);
    this.#local.create(name);
    const volume: Volume = {
      name,
      driver,
      mountpoint: this.#local.mountpoint(name),
      created: Date.now(),
      labels: anonymous ? { ...request.labels, [anonymousLabel]: '' } : request.labels,
      options: request.options,
      scope: 'local',
      anonymous,
    };
    this.#store.save(volume);
    this.#emit('create', volume);
    return volume;
  }

  async get(name: string): Promise<Volume> {
    return this.#find(name);
  }

  #find(name: string): Volume {
    const volume = this.#store.find(name);
    if (!volume) throw notFound(`get ${name}: no such volume`);
    return volume;
  }

  async list(): Promise<Volume[]> {
    return this.#store.list();
  }

  async remove(name: string, force: boolean): Promise<void> {
    const volume = this.#store.find(name);
    if (!volume && force) return;
    await this.#remove(volume ?? this.#find(name));
  }

  async #remove(volume: Volume): Promise<void> {
    const holders = this.holders(volume.name);
    if (holders.length > 0)
      throw conflict(`remove ${volume.name}: volume is in use - [${holders.join(', ')}]`);
    await this.#local.remove(volume);
    this.#store.remove(volume.name);
    this.#emit('destroy', volume);
  }

  async prune(filters: Filters): Promise<{ removed: string[]; space: number }> {
    const isPrunable = prunable(filters);
    const removed: string[] = [];
    let space = 0;
    for (const volume of this.#store.list()) {
      if (!isPrunable(volume) || this.holders(volume.name).length > 0) continue;
      const size = await this.usage(volume.name);
      try {
        await this.#remove(volume);
      } catch (error) {
        this.#options.log('warn', `could not prune volume ${volume.name}`, { error: messageOf(error) });
        continue;
      }
      removed.push(volume.name);
      space += size;
    }
    this.#options.emit({
      type: 'volume',
      action: 'prune',
      id: '',
      attributes: { reclaimed: String(space) },
    });
    return { removed, space };
  }

  hold(name: string, container: ContainerId): void {
    this.#store.hold(this.#find(name).name, container);
  }

  release(container: ContainerId): void {
    this.#store.release(container);
  }

  holders(name: string): ContainerId[] {
    return this.#store.holders(name);
  }

  async copyUp(name: string, root: RootMount, target: string): Promise<void> {
    await this.#local.copyUp(this.#find(name), root, target);
  }

  async usage(name: string): Promise<number> {
    return this.#local.usage(this.#find(name));
  }

  /** Volumes without a directory, and names in the directory that are no volume's. */
  audit(): { missing: Volume[]; orphans: string[] } {
    const volumes = this.#store.list();
    const known = new Set<string>(volumes.map(({ name }) => name));
    return {
      missing: volumes.filter(({ name }) => !this.#local.exists(name)),
      orphans: this.#local.names().filter((name) => !known.has(name)),
    };
  }

  /** A volume of what is in the directory of that name: files are never thrown away for want of a record. */
  adopt(name: string): void {
    this.#make({ name: parseVolumeName(name), options: {}, labels: {} }, 'local');
  }

  /** The directory again, empty, of a volume that containers hold; the record of another goes. */
  async mend(volume: Volume): Promise<void> {
    if (this.holders(volume.name).length === 0) return this.#store.remove(volume.name);
    this.#local.create(volume.name);
    await this.#local.mount(volume);
  }

  #emit(action: 'create' | 'destroy', volume: Volume): void {
    this.#options.emit({
      type: 'volume',
      action,
      id: volume.name,
      attributes: { driver: volume.driver },
    });
  }
}
