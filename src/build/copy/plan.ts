/** From what COPY names to what is placed where (moby/buildkit solver/llbsolver/file, tonistiigi/fsutil copy). Pure. */
import { invalid } from '../../lib/errors.ts';
import type { Ignores } from '../../lib/ignore-file.ts';
import type { KeyPart } from '../cache/key.ts';
import type { IndexEntry } from '../files/index.ts';
import { textOf } from '../files/names.ts';
import type { Owner } from '../files/owner.ts';
import type { PlaceRecord } from '../files/place.ts';
import type { ModeChange } from './mode.ts';
import { beneath, type Source } from './sources.ts';

export interface CopyWish {
  /** Absolute, without a slash at the end; as bytes in Latin-1. */
  destination: string;
  /** Files go into the destination, not in its place. */
  intoDirectory: boolean;
  /** null: as the source has it. */
  owner: Owner | null;
  mode: ModeChange | null;
  /** Directories that lead to a source are made again (--parents). */
  parents: boolean;
  excludes: Ignores | null;
}

/** Everything, as it is, to the top of the target. */
export const wholeTree: CopyWish = {
  destination: '/',
  intoDirectory: true,
  owner: null,
  mode: null,
  parents: false,
  excludes: null,
};

export interface CopyPlan {
  records: PlaceRecord[];
  /** All that the result depends on but times: two plans with the same identity make the same. */
  identity: KeyPart;
}

type Present = Exclude<IndexEntry, { kind: 'missing' }>;

export function planCopy(sources: readonly Source[], wish: CopyWish): CopyPlan {
  const planner = new Planner(wish);
  for (const source of sources) planner.add(source);
  return { records: planner.records, identity: planner.identity };
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const join = (directory: string, name: string): string => `${beneath(directory)}${name}`;

class Planner {
  readonly records: PlaceRecord[] = [];
  readonly identity: KeyPart[] = [];
  /** Where the first name of a file with several went; those of another source may be gone by then. */
  readonly #placed = new Map<string, string>();

  constructor(private readonly wish: CopyWish) {}

  add(source: Source): void {
    const [top, ...rest] = source.entries;
    if (top === undefined || top.kind === 'missing') return;
    this.#placed.clear();
    const { destination, intoDirectory, parents } = this.wish;
    if (parents) this.#addWithParents(source);
    else if (top.kind === 'directory') this.#addDirectory(top, rest, destination);
    else if (!this.#isExcluded(baseName(top.path)))
      this.#place(top, intoDirectory ? join(destination, baseName(top.path)) : destination, true);
  }

  /** What is in it goes into the destination. */
  #addDirectory(top: Present, rest: readonly IndexEntry[], destination: string): void {
    this.#place(top, destination, true);
    const prefix = beneath(top.path);
    for (const entry of rest) {
      if (entry.kind === 'missing') continue;
      const name = entry.path.slice(prefix.length);
      if (!this.#isExcluded(name)) this.#place(entry, join(destination, name), false);
    }
  }

  #addWithParents({ kept, path, entries, leading }: Source): void {
    const { destination } = this.wish;
    const above = path.slice(0, path.length - kept.length);
    const names = kept.split('/').filter((name) => name !== '');
    for (const entry of leading) {
      if (entry.kind === 'missing') continue;
      const place = join(destination, entry.path.slice(beneath(above).length));
      this.records.push({
        action: 'copy',
        source: entry.path,
        followSource: true,
        destination: place,
        ...this.wish.owner,
      });
      const { uid, gid } = this.wish.owner ?? entry;
      this.identity.push([place, 'leading', ...contentOf(entry), uid, gid, entry.mode]);
    }
    const [top, ...rest] = entries;
    if (top === undefined || top.kind === 'missing') return;
    const target = names.length === 0 ? destination : join(destination, names.join('/'));
    if (top.kind === 'directory') this.#addDirectory(top, rest, target);
    else if (!this.#isExcluded(baseName(top.path))) this.#place(top, target, true);
  }

  #isExcluded = (name: string): boolean => this.wish.excludes?.(textOf(name)) ?? false;

  /** `named`: by the instruction itself, whose links are followed on both sides. */
  #place(entry: Present, destination: string, named: boolean): void {
    const { owner, mode } = this.wish;
    const first = this.#firstName(entry, destination);
    if (first !== null) {
      this.records.push({ action: 'link', existingPath: first, destination });
      this.identity.push([destination, 'link', first]);
      return;
    }
    const changed =
      mode !== null && entry.kind !== 'symlink' ? mode(entry.mode, entry.kind === 'directory') : null;
    this.records.push({
      action: 'copy',
      source: entry.path,
      destination,
      ...(named ? { followSource: true, follow: true } : {}),
      ...(named ? {} : { existing: true }),
      ...owner,
      ...(changed !== null && { mode: changed }),
    });
    const { uid, gid } = owner ?? entry;
    this.identity.push([destination, named, ...contentOf(entry), uid, gid, changed ?? entry.mode]);
  }

  #firstName(entry: Present, destination: string): string | null {
    if (entry.kind !== 'file' || entry.links < 2) return null;
    const inode = `${entry.device}:${entry.inode}`;
    const first = this.#placed.get(inode);
    if (first === undefined) this.#placed.set(inode, destination);
    return first ?? null;
  }
}

/** What the entry is, but for owner, mode and times. */
function contentOf(entry: Present): KeyPart[] {
  switch (entry.kind) {
    case 'file':
      return ['file', entry.digest, entry.xattrs];
    case 'directory':
      return ['directory', entry.xattrs];
    case 'symlink':
      return ['symlink', entry.target];
    case 'character':
    case 'block':
      return [entry.kind, entry.major, entry.minor];
    case 'fifo':
      return ['fifo'];
    default:
      return entry satisfies never;
  }
}

/** Docker's text. */
export const severalIntoOne = (instruction: 'COPY' | 'ADD') =>
  invalid(
    `When using ${instruction} with more than one source file, the destination must be a directory and end with a /`,
  );
