/** gantry-init's `tar` and `untar` as those who run them see them (native/tar.h, native/untar.h). */
import { EngineError, internal, invalid, messageOf, unavailable } from '../lib/errors.ts';
import { nativePath, workerError, workerOptions } from './native.ts';

/** `args`: what comes behind `tar`. `doing` is what a failure says before its reason. Ending the iteration early ends the program. */
export async function* tarOutput(
  args: readonly string[],
  doing: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const child = Bun.spawn([nativePath(), 'tar', ...args], { ...workerOptions, stdin: 'ignore', signal });
  const message = child.stderr.text();
  try {
    yield* child.stdout;
    const code = await child.exited;
    signal.throwIfAborted();
    if (code !== 0) throw internal(`${doing} failed: ${reason(await message)}`);
  } finally {
    // The reader may have gone away in the middle.
    child.kill('SIGKILL');
    await child.exited;
  }
}

const reason = (stderr: string) => workerError(stderr) ?? (stderr.trim() || 'gantry-init tar died');

/** What `untar` said on stderr before it failed. */
export function untarError(stderr: string): EngineError {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  const text = workerError(line);
  if (text === null) return internal(`gantry-init untar died: ${line}`);
  return saysFull(text) ? unavailable(text) : invalid(text);
}

/** Whether a program's reason is that there is no room. */
export const saysFull = (reason: string): boolean => /no space left|quota exceeded/i.test(reason);

/** An archive that could not be read to its end. */
export function sourceFailed(error: unknown): Error {
  if (error instanceof EngineError) return error;
  return invalid(`the archive is damaged: ${messageOf(error)}`, { cause: error });
}
