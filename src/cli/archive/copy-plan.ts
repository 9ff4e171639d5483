/** What `cp SOURCE DESTINATION` means, by what both are (moby pkg/archive, copy.go). */
import { existsSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { assertsDirectory, base, followLinks, join, lstat, rebased, splitEntry } from './paths.ts';

/** One end of a copy. */
export interface CopyEnd {
  path: string;
  exists: boolean;
  isDirectory: boolean;
  /** What the source is called, when a link was followed to something of another name; "" = what it is called anyway. */
  name: string;
}

const maxLinks = 10;

/** A source on this machine. */
export function localSource(path: string, followLink: boolean): CopyEnd {
  const { path: resolved, name } = resolveSource(path, followLink);
  return { path: resolved, exists: true, isDirectory: lstat(resolved).isDirectory(), name };
}

function resolveSource(path: string, followLink: boolean): { path: string; name: string } {
  if (followLink) return rebased(path, followLinks(path));
  const at = path.lastIndexOf('/') + 1;
  const resolved = `${followLinks(path.slice(0, at)).replace(/\/$/, '')}/${path.slice(at)}`;
  return { path: resolved, name: path.endsWith('/') && base(path) !== base(resolved) ? base(path) : '' };
}

/** A destination on this machine: links are followed, also one to nowhere, whose target is to be made. */
export function localDestination(given: string): CopyEnd {
  let path = given;
  let status = lstatSync(path, { throwIfNoEntry: false });
  for (let links = 0; status?.isSymbolicLink(); links++) {
    if (links > maxLinks) throw new ExitError(`too many symlinks in ${given}`);
    const target = readlinkSync(path);
    path = target.startsWith('/') ? target : join(splitEntry(path)[0], target);
    status = lstatSync(path, { throwIfNoEntry: false });
  }
  if (status === undefined) checkParent(splitEntry(path)[0]);
  return { path, exists: status !== undefined, isDirectory: status?.isDirectory() ?? false, name: '' };
}

function checkParent(directory: string): void {
  const status = statSync(directory, { throwIfNoEntry: false });
  if (status === undefined) throw new ExitError(`stat ${directory}: no such file or directory`);
  if (!status.isDirectory()) throw new ExitError('not a directory');
}

/** Before anything is asked for: the directory must be there, and what is there must be something to write to. */
export function checkOutput(path: string): void {
  const parent = join(path, '..');
  if (!existsSync(parent))
    throw new ExitError(`invalid output path: directory ${JSON.stringify(parent)} does not exist`);
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isCharacterDevice() || status?.isBlockDevice())
      throw new ExitError(
        `invalid output path: ${JSON.stringify(path)} must be a directory or a regular file: got a device`,
      );
  } catch (error) {
    throw error instanceof ExitError ? error : new ExitError(`stat ${path}: ${reasonOf(error)}`);
  }
}

/** Where an archive of the source is unpacked, and which part of its names is replaced by what; null: none. */
export interface CopyPlan {
  directory: string;
  rename: { from: string; to: string } | null;
}

export function planCopy(source: CopyEnd, destination: CopyEnd): CopyPlan {
  if (destination.exists && destination.isDirectory) return { directory: destination.path, rename: null };
  if (destination.exists && source.isDirectory) throw new ExitError('cannot copy directory');
  if (!destination.exists && !source.isDirectory && assertsDirectory(destination.path))
    throw new ExitError('no such directory');
  const [directory, to] = splitEntry(destination.path);
  return { directory, rename: { from: source.name || splitEntry(source.path)[1], to } };
}

/** A name in an archive with the plan applied. */
export function renamed(name: string, rename: CopyPlan['rename']): string {
  if (rename === null) return name;
  // Of an archive of the root every name begins with a slash, which stays.
  return name.replace(rename.from === '/' ? '' : rename.from, () => rename.to);
}
