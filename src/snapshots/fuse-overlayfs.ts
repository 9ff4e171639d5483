import { unsupported } from '../lib/errors.ts';
import type { RootMount } from '../linux/mounts.ts';
import { backingFilesystem } from './backing.ts';
import { Overlay2Driver } from './overlay2.ts';

/**
 * The same directories as overlay2's, put together by a program of the host instead of the kernel: for kernels or file
 * systems on which overlayfs does not work. One server for each mount; it ends when the mount does.
 */
export class FuseOverlayfsDriver extends Overlay2Driver {
  override readonly driver = 'fuse-overlayfs';

  override status(): [string, string][] {
    return [['Backing Filesystem', backingFilesystem(this.directory)]];
  }

  protected override overlay(layers: string): RootMount {
    const argv = [fuseOverlayfs(), '-f', '-o', layers];
    return { kind: 'fuse', source: 'fuse-overlayfs', argv, cwd: this.directory };
  }
}

/** Looked up each time: it may be installed or removed while the daemon runs. */
export function fuseOverlayfs(): string {
  const program = Bun.which('fuse-overlayfs', { PATH: process.env.PATH ?? '' });
  if (program === null) throw unsupported('there is no program fuse-overlayfs in PATH');
  return program;
}
