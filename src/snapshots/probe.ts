import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CLONE, MS } from '../linux/flags.ts';
import { runOperations } from '../linux/native.ts';
import { overlayOptions } from './overlay2.ts';

/** Mounts a small overlay on `directory`'s file system, in a mount namespace that dies at once. Throws the kernel's error. */
export async function probeOverlay(directory: string): Promise<void> {
  const cwd = mkdtempSync(join(directory, 'probe-'));
  try {
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(cwd, name));
    await runOperations([
      { op: 'unshare', side: 'host', flags: CLONE.NEWNS },
      { op: 'propagation', side: 'host', path: '/', flags: MS.REC | MS.PRIVATE },
      {
        op: 'mount-root',
        side: 'host',
        source: 'overlay',
        path: join(cwd, 'merged'),
        fstype: 'overlay',
        flags: 0,
        data: ['lowerdir=lower,upperdir=upper,workdir=work', ...overlayOptions()].join(','),
        cwd,
      },
    ]);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
