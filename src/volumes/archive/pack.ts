/** A volume's files as a plain tar: by a process that is shut into them (native/tar.h), so no link in them leads out. */
import { statSync } from 'node:fs';
import { internal } from '../../lib/errors.ts';
import { nativePath, workerError, workerOptions } from '../../linux/native.ts';
import { rootMember } from './root-member.ts';

export async function* pack(directory: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const child = Bun.spawn([nativePath(), 'tar', directory], { ...workerOptions, stdin: 'ignore', signal });
  const message = child.stderr.text();
  try {
    yield rootMember(statSync(directory));
    yield* child.stdout;
    const code = await child.exited;
    signal.throwIfAborted();
    if (code !== 0) throw internal(`reading the volume failed: ${reason(await message)}`);
  } finally {
    // The reader may have gone away in the middle.
    child.kill('SIGKILL');
    await child.exited;
  }
}

const reason = (stderr: string) => workerError(stderr) ?? (stderr.trim() || 'gantry-init tar died');
