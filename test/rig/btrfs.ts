/** A btrfs file system of a test's own, on a sparse image file that a loop device shows. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, succeed } from './command.ts';

const size = String(2 * 1024 ** 3);

export class BtrfsImage implements AsyncDisposable {
  readonly #directory = mkdtempSync('/var/tmp/gantry-btrfs-');
  readonly #file = join(this.#directory, 'image');
  /** Where it is mounted. */
  readonly path = join(this.#directory, 'mount');

  static async create(): Promise<BtrfsImage> {
    const image = new BtrfsImage();
    try {
      await succeed(['truncate', '-s', size, image.#file]);
      await succeed(['mkfs.btrfs', '-q', image.#file]);
      mkdirSync(image.path);
      await succeed(['mount', '-o', 'loop', image.#file, image.path]);
      return image;
    } catch (error) {
      rmSync(image.#directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** The loop device goes with the last mount. Something that still uses it is an error. */
  async [Symbol.asyncDispose](): Promise<void> {
    await succeed(['umount', this.path]);
    await eventually(
      async () => (await succeed(['losetup', '-j', this.#file])) === '',
      `no loop device shows ${this.#file}`,
    );
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
