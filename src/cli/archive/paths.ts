/** Paths as Go's path/filepath reads them: a trailing slash or dot says that something must be a directory. */
import { lstatSync, readlinkSync } from 'node:fs';
import { cleanPath } from '../../lib/clean-path.ts';
import { absolutePath, reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';

const maxLinks = 255;

export const join = (...parts: string[]): string => cleanPath(parts.filter((part) => part !== '').join('/'));

/** filepath.Base. */
export function base(path: string): string {
  if (path === '') return '.';
  const stripped = path.replace(/\/+$/, '');
  return stripped === '' ? '/' : stripped.slice(stripped.lastIndexOf('/') + 1);
}

/** filepath.Dir. */
export const dir = (path: string): string => cleanPath(path.slice(0, path.lastIndexOf('/') + 1));

const hasTrailingSlash = (path: string): boolean => path.endsWith('/');
const namesCurrentDirectory = (path: string): boolean => base(path) === '.';

export const assertsDirectory = (path: string): boolean =>
  hasTrailingSlash(path) || namesCurrentDirectory(path);

/** The cleaned path, again with what the original had at its end. */
export function keepTrailing(cleaned: string, original: string): string {
  let path = cleaned;
  if (!namesCurrentDirectory(path) && namesCurrentDirectory(original))
    path += hasTrailingSlash(path) ? '.' : '/.';
  if (!hasTrailingSlash(path) && hasTrailingSlash(original)) path += '/';
  return path;
}

/** Directory and entry; "x/." is the entry "." of x. */
export function splitEntry(path: string): [directory: string, entry: string] {
  const cleaned = cleanPath(path);
  if (namesCurrentDirectory(path)) return [cleaned, '.'];
  return [dir(cleaned), base(cleaned)];
}

export const localPath = (path: string): string => keepTrailing(absolutePath(path), path);

/**
 * A link was followed from `path` to `resolved`: the latter with the former's ending, and the name that is to be kept ("" = it
 * is the same).
 */
export function rebased(path: string, resolved: string): { path: string; name: string } {
  let target = resolved;
  if (namesCurrentDirectory(path) && !namesCurrentDirectory(target)) target += '/.';
  if (hasTrailingSlash(path) && !hasTrailingSlash(target)) target += '/';
  return { path: target, name: base(path) === base(target) ? '' : base(path) };
}

/** lstat with Go's error text. */
export function lstat(path: string) {
  try {
    return lstatSync(path);
  } catch (error) {
    throw new ExitError(`lstat ${path}: ${reasonOf(error)}`);
  }
}

/** filepath.EvalSymlinks, with its error texts. `path` is absolute. */
export function followLinks(path: string): string {
  let done = '';
  const rest = path.split('/').filter((part) => part !== '');
  for (let links = 0; rest.length > 0; ) {
    const part = rest.shift() ?? '';
    if (part === '.') continue;
    if (part === '..') {
      done = done.slice(0, Math.max(done.lastIndexOf('/'), 0));
      continue;
    }
    const next = `${done}/${part}`;
    const status = lstat(next);
    if (!status.isSymbolicLink()) {
      if (!status.isDirectory() && (rest.length > 0 || hasTrailingSlash(path)))
        throw new ExitError('not a directory');
      done = next;
      continue;
    }
    if (++links > maxLinks) throw new ExitError('EvalSymlinks: too many links');
    const target = readlinkSync(next);
    if (target.startsWith('/')) done = '';
    rest.unshift(...target.split('/').filter((word) => word !== ''));
  }
  return done || '/';
}
