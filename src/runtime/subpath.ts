/** Docker's errors for a path beneath a volume or an image that cannot be opened (moby daemon/volume/safepath). */
import { posix } from 'node:path';
import { type EngineError, invalid, notFound } from '../lib/errors.ts';
import { errnoNumber, errnoText } from '../linux/errno.ts';

/** What gantry-init names as detail when the path itself is at fault. */
export const subpathDetail = 'subpath';

/** `errno`: its name. */
export function subpathError(base: string, subpath: string, errno: string): EngineError {
  if (errno === 'EXDEV')
    return invalid(`path concatenation escapes the base directory, base: ${base}, subpath: ${subpath}`);
  const path = posix.join(base, subpath);
  return notFound(`cannot access path ${path}: lstat ${path}: ${errnoText(errnoNumber(errno) ?? 0)}`);
}
