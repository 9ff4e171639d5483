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

export function offerOf(
  { path, ignoreFile }: OfferedDirectory,
  files: readonly ContextFile[],
  now = Date.now(),
): ContextOfferBody {
  const group = groupsOf(files);
  return {
    Name: [hostname(), process.getuid?.() ?? 0, path, ...(ignoreFile === null ? [] : [ignoreFile])].join(':'),
    Entries: files.map((file) =>
      file.status.isDirectory()
        ? [file.name, 'directory', directoryStamp(file)]
        : [file.name, 'other', stampOf(file, group(file), now)],
    ),
  };
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
  const inodeOf = ({ status: { dev, ino } }: ContextFile) => `${dev}:${ino}`;
  for (const file of files)
    if (file.status.nlink > 1 && !file.status.isDirectory())
      names.set(inodeOf(file), [...(names.get(inodeOf(file)) ?? []), file.name]);
  return (file) => {
    const all = names.get(inodeOf(file));
    if (all === undefined || all.length === 1) return '';
    return ` ${createHash('sha256').update(all.join('\0')).digest('hex')}`;
  };
}
