/** Reading, writing and removing cgroup directories; see cgroups(7). A group that is gone reads as empty. */
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from './errno.ts';

/** Contents without the final newline, or null when there is no such file (or group). */
export function readControl(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return null;
    throw error;
  }
}

/** One write(2), which is how control files take a setting. */
export function writeControl(path: string, data: string): void {
  writeFileSync(path, data, { flag: 'r+' });
}

export function hasControl(path: string): boolean {
  return existsSync(path);
}

/** A number; "max" and what is missing count as `otherwise`. */
export function readNumber(path: string, otherwise = 0): number {
  const text = readControl(path);
  if (text === null || text === 'max' || text === '') return otherwise;
  return Number(text);
}

/** "name value" lines, as in memory.stat and cpu.stat. */
export function readTable(path: string): Record<string, number> {
  const table: Record<string, number> = {};
  for (const line of (readControl(path) ?? '').split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) table[line.slice(0, space)] = Number(line.slice(space + 1));
  }
  return table;
}

export function readPids(directory: string): number[] {
  const text = readControl(`${directory}/cgroup.procs`);
  return text ? text.split('\n').map(Number) : [];
}

/** Names of the groups directly beneath; null when the group itself is gone. */
function children(directory: string): string[] | null {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return null;
    throw error;
  }
}

export const childGroups = (directory: string): string[] => children(directory) ?? [];

/** The group and all beneath it, children before parents. */
export function groupsBeneath(directory: string): string[] {
  const names = children(directory);
  if (names === null) return [];
  return [...names.flatMap((name) => groupsBeneath(`${directory}/${name}`)), directory];
}

function tryRemove(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    if (isErrno(error, 'EBUSY')) return false;
    throw error;
  }
}

const REMOVE_DEADLINE = 5000;

/** Removes the group with all beneath it. EBUSY for a moment is normal: the last task may still be on its way out. */
export async function removeGroup(directory: string): Promise<void> {
  const deadline = Date.now() + REMOVE_DEADLINE;
  for (let wait = 1; ; wait = Math.min(wait * 2, 100)) {
    // Most groups have no children: try the cheap way before listing.
    if (tryRemove(directory) || groupsBeneath(directory).every(tryRemove)) return;
    if (Date.now() > deadline) throw new Error(`cgroup ${directory} is still in use`);
    await delay(wait);
  }
}

/** Polls `done`, from 1 ms up to 20 ms apart, until it is true or `milliseconds` are over; says which. */
export async function until(done: () => boolean, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  for (let wait = 1; !done(); wait = Math.min(wait * 2, 20)) {
    if (Date.now() > deadline) return false;
    await delay(wait);
  }
  return true;
}
