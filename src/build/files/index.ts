/** What is in a tree, with digests of its files (native/index.h). */
import { internal } from '../../lib/errors.ts';
import { terminated } from './names.ts';
import { type SourceTree, start } from './tree.ts';

interface Described {
  /** The path that was asked for, or a name in it; as bytes in Latin-1 (names.ts). */
  path: string;
  /** Without the type. */
  mode: number;
  uid: number;
  gid: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  ctime: bigint;
  /** Entries of the same device and inode are names of one file. The device of a snapshot is another each time. */
  device: string;
  inode: string;
  /** How many names it has, wherever they are. */
  links: number;
}

/** Sockets are left out. */
export type IndexEntry =
  /** Nothing is at a path that was asked for. */
  | { kind: 'missing'; path: string }
  /** Digests are SHA-256, in hexadecimal; of the attributes null when there are none, of the content when it was not asked for. */
  | (Described & { kind: 'file'; size: number; xattrs: string | null; digest: string | null })
  | (Described & { kind: 'directory'; xattrs: string | null })
  /** `target`: as bytes in Latin-1. */
  | (Described & { kind: 'symlink'; target: string })
  | (Described & { kind: 'character' | 'block'; major: number; minor: number })
  | (Described & { kind: 'fifo' });

export interface IndexOptions {
  /** Reads the content of every file. To skip those that are known: first ask without, then for the files alone. */
  digests: boolean;
  /** Links in place of the last component of a given path are followed. Those on the way there always are, those found in directories never. */
  followNamed: boolean;
  /** How many levels of directories are listed: 0 = only the given paths themselves. Default: all. */
  depth?: number;
  signal?: AbortSignal;
}

/**
 * Everything at and beneath these absolute paths ("/" = the whole tree), in their order; a directory comes before what is in it, names are
 * in the order of their bytes. Ending the iteration early ends the program. Throws what went wrong with the path's name in it, also for
 * a file that becomes shorter while it is read.
 */
export async function* indexTree(
  tree: SourceTree,
  paths: Iterable<string>,
  { digests, followNamed, depth, signal }: IndexOptions,
): AsyncGenerator<IndexEntry> {
  const args = [
    ...(digests ? ['--digest'] : []),
    ...(followNamed ? ['--follow'] : []),
    ...(depth === undefined ? [] : ['--depth', String(depth)]),
  ];
  const list = Buffer.from([...paths].map(terminated).join(''), 'latin1');
  await using started = start('index', { target: tree }, args, signal);
  const fed = started.feed([list]);
  // What goes wrong with the output is told first.
  fed.catch(() => undefined);
  try {
    yield* decode(started.program.output());
    await fed;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Three texts make an entry. */
async function* decode(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<IndexEntry> {
  let rest = '';
  for await (const chunk of chunks) {
    const texts = (rest + Buffer.from(chunk).toString('latin1')).split('\0');
    const whole = Math.floor((texts.length - 1) / 3) * 3;
    for (let at = 0; at < whole; at += 3)
      yield entryOf(texts[at] ?? '', texts[at + 1] ?? '', texts[at + 2] ?? '');
    rest = texts.slice(whole).join('\0');
  }
  if (rest !== '') throw internal('gantry-init index ended in the middle of an entry');
}

function entryOf(text: string, path: string, target: string): IndexEntry {
  if (text === '-') return { kind: 'missing', path };
  const fields = text.split(' ');
  const field = (at: number) => fields[at] ?? '';
  const described: Described = {
    path,
    mode: Number.parseInt(field(1), 8),
    uid: Number(field(2)),
    gid: Number(field(3)),
    mtime: nanoseconds(field(5)),
    ctime: nanoseconds(field(6)),
    device: field(7),
    inode: field(8),
    links: Number(field(9)),
  };
  const xattrs = digestOf(field(11));
  switch (field(0)) {
    case 'f':
      return { kind: 'file', ...described, size: Number(field(4)), xattrs, digest: digestOf(field(12)) };
    case 'd':
      return { kind: 'directory', ...described, xattrs };
    case 'l':
      return { kind: 'symlink', ...described, target };
    case 'p':
      return { kind: 'fifo', ...described };
    case 'c':
    case 'b': {
      const [major, minor] = field(10).split(':').map(Number);
      const kind = field(0) === 'c' ? 'character' : 'block';
      return { kind, ...described, major: major ?? 0, minor: minor ?? 0 };
    }
  }
  throw internal(`gantry-init index printed ${JSON.stringify(text)}`);
}

const digestOf = (field: string) => (field === '-' ? null : field);

function nanoseconds(field: string): bigint {
  const [seconds, fraction] = field.split('.');
  return BigInt(seconds ?? 0) * 1_000_000_000n + BigInt(fraction ?? 0);
}
