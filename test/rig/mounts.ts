/** Directories of the host for tests of mounts. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { command, succeed } from './command.ts';
import type { TestEngine } from './engine.ts';

let made = 0;

/** A fresh directory that goes with the engine's own. */
export function hostDirectory(engine: TestEngine): string {
  const path = join(engine.directory, `host-${made++}`);
  mkdirSync(path);
  return path;
}

/** A mount of its own, which is `shared` and has a tmpfs named `sub` with file `f` mounted in it. */
export class MountedDirectory implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(engine: TestEngine): Promise<MountedDirectory> {
    const path = hostDirectory(engine);
    await succeed([
      'sh',
      '-ec',
      `mount --bind ${path} ${path}; mount --make-shared ${path}; mkdir ${path}/sub ${path}/later
       mount -t tmpfs sub ${path}/sub; echo sub > ${path}/sub/f`,
    ]);
    return new MountedDirectory(path);
  }

  mountLater(): Promise<string> {
    return succeed([
      'sh',
      '-ec',
      `mount -t tmpfs later ${this.path}/later; echo later > ${this.path}/later/f`,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await command(['umount', '-R', '-l', this.path]);
  }
}
