/** A volume's files as a plain tar: by a process that is shut into them (native/tar.h), so no link in them leads out. */
import { statSync } from 'node:fs';
import { tarOutput } from '../../linux/archive-program.ts';
import { rootMember } from './root-member.ts';

export async function* pack(directory: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  yield rootMember(statSync(directory));
  yield* tarOutput([directory], 'reading the volume', signal);
}
