import { lstatSync, readdirSync } from 'node:fs';
import { type Changes, diffTar, treesBelow } from './diff.ts';
import { findDirectories } from './implied.ts';
import type { ChangedPath, DiffOptions } from './snapshotter.ts';

const slash = Buffer.from('/');
const join = (directory: Buffer, name: string) =>
  Buffer.concat([directory, slash, Buffer.from(name, 'latin1')]);

/** The names of what gantry-init tells as new (native/tar.h, --list), each compared with what is below. Bytes are in Latin-1. */
export async function changedPaths(changes: Changes, options: DiffOptions): Promise<ChangedPath[]> {
  const below = new Below(treesBelow(changes));
  const told = await readNames(diffTar(changes, options, '--list'));
  const present = new Set(told.filter(({ how }) => how === '+').map(({ path }) => path));
  const found: ChangedPath[] = [];
  const add = (path: string, kind: ChangedPath['kind']) =>
    found.push({ path: `/${Buffer.from(path, 'latin1').toString('utf8')}`, kind });
  for (const { how, path } of told) {
    if (how === '+') add(path, below.has(path) ? 'modified' : 'added');
    else if (how === '-') add(path, 'deleted');
    else
      for (const name of below.names(path))
        if (!present.has(`${path}/${name}`)) add(`${path}/${name}`, 'deleted');
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function readNames(list: AsyncIterable<Uint8Array>): Promise<{ how: string; path: string }[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of list) chunks.push(chunk);
  const records = Buffer.concat(chunks).toString('latin1').split('\0').slice(0, -1);
  return records.map((record) => ({ how: record.slice(0, 1), path: record.slice(1) }));
}

/** The trees below a snapshot as one. */
class Below {
  /** Neighbours mostly come one after the other. */
  #last: { path: string; directories: Buffer[] } | null = null;

  constructor(private readonly trees: readonly string[]) {}

  #directories(path: string): Buffer[] {
    if (this.#last?.path !== path) this.#last = { path, directories: findDirectories(this.trees, path) };
    return this.#last.directories;
  }

  has(path: string): boolean {
    const at = path.lastIndexOf('/');
    const name = path.slice(at + 1);
    for (const directory of this.#directories(path.slice(0, Math.max(at, 0)))) {
      const found = lstatSync(join(directory, name), { throwIfNoEntry: false });
      if (found !== undefined) return !isWhiteout(found);
    }
    return false;
  }

  names(path: string): string[] {
    const seen = new Map<string, boolean>();
    for (const directory of this.#directories(path))
      for (const bytes of readdirSync(directory, { encoding: 'buffer' })) {
        const name = bytes.toString('latin1');
        if (!seen.has(name)) seen.set(name, !isWhiteout(lstatSync(join(directory, name))));
      }
    return [...seen].filter(([, there]) => there).map(([name]) => name);
  }
}

const isWhiteout = (stat: { isCharacterDevice(): boolean; rdev: number }) =>
  stat.isCharacterDevice() && stat.rdev === 0;
