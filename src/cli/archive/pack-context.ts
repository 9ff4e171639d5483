/** A build context as a tar: the same files give the same bytes, whoever owns them and in whatever order the disk has them. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { TarWriter } from './tar-writer.ts';

export interface Selection {
  /** Whether a file of this path (relative, UTF-8) is left out. */
  ignores(path: string): boolean;
  /** Of a directory that is left out: whether something in it may be wanted all the same. */
  mayHold(path: string): boolean;
}

const slash = Buffer.from('/');

/** A directory on the way; its header is written when the first member beneath it is. */
interface Directory {
  name: string;
  status: Stats;
  written: boolean;
}

/** Each chunk is valid until the next is asked for. */
export async function* packContext(root: string, selection: Selection | null): AsyncGenerator<Uint8Array> {
  const writer = new TarWriter({ uid: 0, gid: 0 });
  yield* new Walk(writer, selection).children(Buffer.from(root), '');
  yield* writer.end();
}

class Walk {
  readonly #above: Directory[] = [];

  constructor(
    private readonly writer: TarWriter,
    private readonly selection: Selection | null,
  ) {}

  /** `name`: of the directory in the archive; "" for the root, which is no member. */
  *children(path: Buffer, name: string): Generator<Uint8Array> {
    for (const entry of entriesOf(path)) {
      const child = entry.toString('latin1');
      yield* this.#member(Buffer.concat([path, slash, entry]), name === '' ? child : `${name}/${child}`);
    }
  }

  *#member(path: Buffer, name: string): Generator<Uint8Array> {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined) return;
    const text = Buffer.from(name, 'latin1').toString();
    const ignored = this.selection?.ignores(text) ?? false;
    if (!status.isDirectory()) {
      if (ignored) return;
      yield* this.#directories();
      yield* this.writer.leaf(path, name, status);
      return;
    }
    if (ignored && !this.selection?.mayHold(text)) return;
    this.#above.push({ name, status, written: false });
    if (!ignored) yield* this.#directories();
    yield* this.children(path, name);
    this.#above.pop();
  }

  /** Those that lead to what is written next. */
  *#directories(): Generator<Uint8Array> {
    for (const directory of this.#above) {
      if (directory.written) continue;
      directory.written = true;
      yield* this.writer.directory(directory.name, directory.status);
    }
  }
}

function entriesOf(path: Buffer): Buffer[] {
  try {
    return readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare);
  } catch (error) {
    throw new ExitError(`open ${path}: ${reasonOf(error)}`);
  }
}
