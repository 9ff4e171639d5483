/**
 * What is on disk of a local volume, and how it changes so that a daemon that is killed in the middle leaves nothing half made:
 *
 *   <name>/_data           the files, or where they get mounted
 *   <name>/image           the file system of a volume with a size, where the host's cannot limit it
 *   <name>/_snapshots/<s>/tree
 *   .new-<name>            being made: renamed when it is complete
 *   .old-<name>            what stood in its place, until the new one stands there
 *   .gone-<name>           being deleted
 *   .spool-<id>            on its way to a registry
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unmount } from '../../linux/unmount.ts';
import { fillImage, limiterFor, limitSubvolume, makeImage } from './limits.ts';
import { cloneTree, copyFiles, makeTree, removeTree } from './trees.ts';

export const parts = { data: '_data', image: 'image', snapshots: '_snapshots', tree: 'tree' } as const;

/** What a new volume begins with. */
export type Fill =
  | { kind: 'empty' }
  | { kind: 'copy'; source: string }
  | { kind: 'write'; write: (directory: string) => Promise<void> };

export function directoriesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
}

/** Makes the volume's files in `directory`; what was made before a failure stays for `discard`. */
export async function makeFiles(directory: string, limit: number, fill: Fill): Promise<void> {
  const data = join(directory, parts.data);
  if (limit > 0 && limiterFor(directory) === 'image') {
    const image = join(directory, parts.image);
    await makeImage(image, limit);
    return fillImage(image, data, (mounted) => fillEmpty(mounted, fill));
  }
  if (fill.kind === 'copy') await cloneTree(fill.source, data);
  else await makeTree(data);
  if (limit > 0) await limitSubvolume(data, limit);
  if (fill.kind === 'write') await fill.write(data);
}

/** Into an empty directory. */
export async function fillEmpty(directory: string, fill: Fill): Promise<void> {
  if (fill.kind === 'copy') await copyFiles(fill.source, directory);
  if (fill.kind === 'write') await fill.write(directory);
}

/** `_data` goes last: as long as the stage has it, the old files are the volume's. */
const swapped = [parts.image, parts.data];

/** The stage's files take the place of the volume's. */
export async function swapFiles(directory: string, stage: string, old: string): Promise<void> {
  mkdirSync(old);
  moveParts(directory, old);
  moveParts(stage, directory);
  await discard(old);
}

function moveParts(from: string, to: string): void {
  for (const part of swapped) if (existsSync(join(from, part))) renameSync(join(from, part), join(to, part));
}

/** Deletes a directory of a volume with the subvolumes in it. */
export async function discard(directory: string): Promise<void> {
  const snapshots = join(directory, parts.snapshots);
  for (const name of directoriesIn(snapshots)) await removeTree(join(snapshots, name, parts.tree));
  await removeTree(join(directory, parts.data));
  await rm(directory, { recursive: true, force: true });
}

/** `mounts`: all that are below `directory`. */
export async function tidy(directory: string, mounts: readonly string[]): Promise<void> {
  const left = directoriesIn(directory).filter((name) => /^\.(?:new|old|gone)-/.test(name));
  for (const path of mounts)
    if (left.some((name) => path.startsWith(join(directory, name, '/')))) unmount(path);
  for (const name of left.filter((each) => each.startsWith('.old-')))
    rollBack(directory, name.slice('.old-'.length));
  for (const name of left) await discard(join(directory, name));
  for (const name of readdirSync(directory))
    if (name.startsWith('.spool-')) await rm(join(directory, name), { force: true });
  for (const name of directoriesIn(directory)) await tidySnapshots(join(directory, name, parts.snapshots));
}

function rollBack(directory: string, name: string): void {
  const [stage, old, volume] = [`.new-${name}`, `.old-${name}`, name].map((each) => join(directory, each));
  if (stage === undefined || old === undefined || volume === undefined) return;
  if (existsSync(join(stage, parts.data)) || !existsSync(join(volume, parts.data))) moveParts(old, volume);
}

async function tidySnapshots(directory: string): Promise<void> {
  for (const name of directoriesIn(directory)) {
    if (!name.startsWith('.')) continue;
    await removeTree(join(directory, name, parts.tree));
    await rm(join(directory, name), { recursive: true, force: true });
  }
}
