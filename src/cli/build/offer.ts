/** What the daemon is told of a directory's files, so that it can say which of them it does not have. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { ContextOfferBody } from '../../api/types/builds.ts';
import type { ContextFile } from '../archive/context-files.ts';

/**
 * A file that changed as late as this, in milliseconds before it is looked at, may change once more with the same time: clocks of file
 * systems tick in steps, FAT's of two seconds. So it is sent again the next time (git calls it racy).
 */
const tick = 2000;

export interface OfferedDirectory {
  /** Of this machine, absolute, without links. */
  path: string;
  /** Which files are ignored; null: none. */
  ignoreFile: string | null;
}

export interface Offer {
  name: string;
  /** null: the list is not the same next time. */
  digest: string | null;
  entries(): Entry[];
}

type Entry = NonNullable<ContextOfferBody['Entries']>[number];

export function offerOf(
  { path, ignoreFile }: OfferedDirectory,
  files: readonly ContextFile[],
  now = Date.now(),
): Offer {
  const group = groupsOf(files);
  const stamps = files.map((file) =>
    file.status.isDirectory() ? directoryStamp(file) : stampOf(file, group(file), now),
  );
  const owner = [hostname(), process.getuid?.() ?? 0, path, ...(ignoreFile === null ? [] : [ignoreFile])];
  return {
    name: owner.join(':'),
    digest: stamps.includes('') ? null : digestOf(files, stamps),
    entries: () =>
      files.map(({ name, status }, index) => [
        name,
        status.isDirectory() ? 'directory' : 'other',
        stamps[index] ?? '',
      ]),
  };
}

/** No name and no stamp has a NUL. */
function digestOf(files: readonly ContextFile[], stamps: readonly string[]): string {
  const text = files.map(({ name }, index) => `${name}\0${stamps[index]}\0`).join('');
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

/** All that is sent of it. */
const directoryStamp = ({ status: { mode, mtimeMs } }: ContextFile): string =>
  `${mode} ${Math.floor(mtimeMs / 1000)}`;

/** As git's index: what changes a file changes one of these, whatever time it is given afterwards. */
function stampOf({ status }: ContextFile, group: string, now: number): string {
  const { dev, ino, mode, size, mtimeMs, ctimeMs } = status;
  return ctimeMs > now - tick ? '' : `${dev} ${ino} ${mode} ${size} ${mtimeMs} ${ctimeMs}${group}`;
}

/** Names of one file are sent together or not at all, since all but the first are sent as links to it. */
function groupsOf(files: readonly ContextFile[]): (file: ContextFile) => string {
  const names = new Map<string, string[]>();
  const isLinked = ({ status }: ContextFile) => status.nlink > 1 && !status.isDirectory();
  const inodeOf = ({ status: { dev, ino } }: ContextFile) => `${dev}:${ino}`;
  for (const file of files) {
    if (!isLinked(file)) continue;
    const others = names.get(inodeOf(file));
    if (others === undefined) names.set(inodeOf(file), [file.name]);
    else others.push(file.name);
  }
  const digests = new Map(
    [...names].map(([inode, all]) => [inode, createHash('sha256').update(all.join('\0')).digest('hex')]),
  );
  return (file) => {
    if (!isLinked(file)) return '';
    const inode = inodeOf(file);
    return (names.get(inode)?.length ?? 0) > 1 ? ` ${digests.get(inode)}` : '';
  };
}
