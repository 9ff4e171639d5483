/** A small ext4 file system of a test's own, to be filled up. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, succeed } from './command.ts';

export class SmallDisk implements AsyncDisposable {
  readonly #directory = mkdtempSync('/var/tmp/gantry-disk-');
  readonly #file = join(this.#directory, 'image');
  /** Where it is mounted. */
  readonly path = join(this.#directory, 'mount');

  static async create(megabytes: number): Promise<SmallDisk> {
    const disk = new SmallDisk();
    try {
      await succeed(['truncate', '-s', `${megabytes}M`, disk.#file]);
      await succeed(['mkfs.ext4', '-q', '-m', '0', disk.#file]);
      mkdirSync(disk.path);
      await succeed(['mount', '-o', 'loop', disk.#file, disk.path]);
      return disk;
    } catch (error) {
      rmSync(disk.#directory, { recursive: true, force: true });
      throw error;
    }
  }

  get free(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await succeed(['umount', this.path]);
    await eventually(
      async () => (await succeed(['losetup', '-j', this.#file])) === '',
      `no loop device shows ${this.#file}`,
      // Somebody's mount namespace may be a copy of ours.
      60_000,
    );
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
