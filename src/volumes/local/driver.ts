/** The local driver: a volume is <directory>/<name>/_data, or whatever its options say is mounted there. */
import { chmodSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { internal } from '../../lib/errors.ts';
import { isName } from '../../lib/ids.ts';
import { unmount } from '../../linux/unmount.ts';
import type { DriverVolume, VolumeDriver } from '../driver.ts';
import type { RemovableVolume } from '../model.ts';
import { checkOptions, sizeLimit, volumeMount } from '../mount-options.ts';
import { parseVolumeName } from '../names.ts';
import { directoriesIn, discard, type Fill, makeFiles, parts, swapFiles, tidy } from './files.ts';
import { imageBytes, limiterFor, limiterNames, mountImage } from './limits.ts';
import { isMounted, mountDevice, mountsIn } from './mounts.ts';
import { bytesIn } from './usage.ts';

export class LocalDriver implements VolumeDriver {
  readonly name = 'local';
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    // Others may pass through to the data (a container's user does), but not look at what else is there: as in Docker.
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o701);
  }

  /** Undoes or finishes what a daemon that was killed was doing. */
  async recover(): Promise<void> {
    await tidy(this.#directory, mountsIn(this.#directory));
  }

  scope = async () => 'local' as const;

  mountpoint(name: string): string {
    return join(this.pathOf(name), '_data');
  }

  /** All that is of the volume. */
  pathOf(name: string): string {
    return join(this.#directory, name);
  }

  async create(name: string, options: Record<string, string>): Promise<void> {
    await this.make(name, options, { kind: 'empty' });
  }

  /** The volume is there when everything is in it, and not before. */
  async make(name: string, options: Record<string, string>, fill: Fill): Promise<void> {
    parseVolumeName(name);
    checkOptions(options);
    if (existsSync(this.pathOf(name))) return this.#fillAgain(name, options, fill);
    const stage = this.#stage(name);
    try {
      await makeFiles(stage, sizeLimit(options), fill);
      renameSync(stage, this.pathOf(name));
    } catch (error) {
      await discard(stage);
      throw error;
    }
  }

  /** A directory without a record: its files are never thrown away for want of one. */
  async #fillAgain(name: string, options: Record<string, string>, fill: Fill): Promise<void> {
    if (fill.kind !== 'empty') throw internal(`there is a directory ${this.pathOf(name)} of no volume`);
    if (!existsSync(this.mountpoint(name)))
      await this.replace({ name, options, mountpoint: this.mountpoint(name) }, fill);
  }

  /** Other files in place of the volume's own. Nobody may have it mounted. */
  async replace({ name, options }: RemovableVolume, fill: Fill): Promise<void> {
    const stage = this.#stage(name);
    try {
      await makeFiles(stage, sizeLimit(options), fill);
      await swapFiles(this.pathOf(name), stage, join(this.#directory, `.old-${name}`));
    } finally {
      await discard(stage);
    }
  }

  #stage(name: string): string {
    const stage = join(this.#directory, `.new-${name}`);
    mkdirSync(stage);
    chmodSync(stage, 0o701);
    return stage;
  }

  exists(name: string): boolean {
    return isName(name) && existsSync(this.mountpoint(name));
  }

  async get(name: string): Promise<DriverVolume | null> {
    if (!this.exists(name)) return null;
    const created = statSync(this.pathOf(name)).mtimeMs;
    return { name, mountpoint: this.mountpoint(name), created, status: undefined };
  }

  async list(): Promise<DriverVolume[]> {
    const found = await Promise.all(this.names().map((name) => this.get(name)));
    return found.filter((volume) => volume !== null);
  }

  /** Names of what is on disk, volume or not. */
  names(): string[] {
    return directoriesIn(this.#directory).filter((name) => !name.startsWith('.'));
  }

  /** What limits the volume's size, for inspect. */
  status({ name, options }: RemovableVolume): Record<string, unknown> | undefined {
    const limit = sizeLimit(options);
    if (limit === 0) return undefined;
    const limiter = existsSync(join(this.pathOf(name), parts.image)) ? 'image' : limiterFor(this.#directory);
    return { Quota: limiterNames[limiter], QuotaBytes: limit };
  }

  /** Mounts what the options say, unless it is mounted. */
  async mount(volume: RemovableVolume): Promise<string> {
    const { name, options, mountpoint } = volume;
    const device = volumeMount(options);
    const image = join(this.pathOf(name), parts.image);
    if (device !== null && !isMounted(mountpoint)) await mountDevice(device, mountpoint);
    else if (existsSync(image) && !isMounted(mountpoint)) await mountImage(image, mountpoint);
    return mountpoint;
  }

  async unmount({ mountpoint }: RemovableVolume, _id = '', last = true): Promise<void> {
    if (last && isMounted(mountpoint)) unmount(mountpoint);
  }

  /** Deletes the files; never those of a device or directory that was mounted. */
  async remove(volume: RemovableVolume): Promise<void> {
    while (isMounted(volume.mountpoint)) unmount(volume.mountpoint);
    const gone = join(this.#directory, `.gone-${volume.name}`);
    if (existsSync(this.pathOf(volume.name))) renameSync(this.pathOf(volume.name), gone);
    await discard(gone);
  }

  rename(name: string, to: string): void {
    if (existsSync(this.pathOf(name))) renameSync(this.pathOf(name), this.pathOf(to));
  }

  /** Bytes of all files, hard links once. Files that vanish meanwhile count nothing. */
  async usage({ name, mountpoint }: RemovableVolume): Promise<number> {
    const image = join(this.pathOf(name), parts.image);
    return existsSync(image) && !isMounted(mountpoint) ? imageBytes(image) : bytesIn(mountpoint);
  }
}
