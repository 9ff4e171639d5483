import { posix } from 'node:path';

/** Go's path.Clean: no ".", no ".." that can be undone, no doubled or last slash. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
