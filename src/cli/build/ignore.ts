/** What `.dockerignore` leaves out of a context that is sent from here. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { parseIgnoreFile } from '../../lib/ignore-file.ts';
import { hasWildcard } from '../../lib/path-pattern.ts';
import type { Selection } from '../archive/context-files.ts';
import { ExitError } from '../exit.ts';

export interface IgnoreFile extends Selection {
  /** Of the file itself. */
  path: string;
  hasExceptions: boolean;
}

/**
 * `<Dockerfile>.dockerignore` beside the Dockerfile comes before `.dockerignore` in the context. null: nothing is left out.
 * `dockerfile`: its path on this machine; null when it is on none.
 */
export function readSelection(context: string, dockerfile: string | null): IgnoreFile | null {
  const own = dockerfile === null ? null : `${dockerfile}.dockerignore`;
  const path = [own, join(context, '.dockerignore')].find(
    (candidate) => candidate !== null && existsSync(candidate),
  );
  return path ? selectionOf(readFileSync(path, 'utf8'), path) : null;
}

export function selectionOf(text: string, path: string): IgnoreFile | null {
  try {
    const rules = parseIgnoreFile(text);
    if (rules === null) return null;
    const { ignores, exceptions } = rules;
    const names = exceptions.map((pattern) => pattern.split('/'));
    return { path, ignores, mayHold: mayHold(names), hasExceptions: exceptions.length > 0 };
  } catch (error) {
    throw new ExitError(`failed to parse ${path}: ${messageOf(error)}`);
  }
}

/** Whether an exception leads beneath a directory, as far as its names say: wildcards may match anything. */
function mayHold(exceptions: readonly string[][]): Selection['mayHold'] {
  return (path) => {
    const names = path.split('/');
    return exceptions.some((pattern) => leadsBeneath(pattern, names));
  };
}

function leadsBeneath(pattern: readonly string[], directory: readonly string[]): boolean {
  const stars = pattern.findIndex((name) => name.includes('**'));
  const fixed = stars < 0 ? pattern : pattern.slice(0, stars);
  if (stars < 0 && pattern.length <= directory.length) return false;
  return fixed
    .slice(0, directory.length)
    .every((name, index) => hasWildcard(name) || name === directory[index]);
}
