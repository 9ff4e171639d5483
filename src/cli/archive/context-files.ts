/** What of a directory belongs to a build context. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { TarWriter, typeOf } from './tar-writer.ts';

export interface Selection {
  /** Whether a file of this path (relative, UTF-8) is left out. */
  ignores(path: string): boolean;
  /** Of a directory that is left out: whether something in it may be wanted all the same. */
  mayHold(path: string): boolean;
}

export interface ContextFile {
  /** Of this machine. */
  path: Path;
  /** In the context, relative; one character for each byte. */
  name: string;
  status: Stats;
}

/** Bytes where they are no plain text. */
export type Path = string | Buffer;

/**
 * In the order of their names' bytes, a directory before what is in it. One that is left out is there all the same when something in it
 * is not. What no archive can have (a socket) is left out.
 */
export function contextFiles(root: string, selection: Selection | null): ContextFile[] {
  const files: ContextFile[] = [];
  list(root, '', selection, [], files);
  return files;
}

/** `name`: of the directory; "" for the root, which is no part. `pending`: directories on the way that nothing has needed yet. */
function list(
  directory: Path,
  name: string,
  selection: Selection | null,
  pending: ContextFile[],
  files: ContextFile[],
): void {
  for (const entry of entriesOf(directory)) {
    const path = beneath(directory, entry);
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined || typeOf(status) === null) continue;
    const file = { path, name: `${name === '' ? '' : `${name}/`}${entry}`, status };
    const text = Buffer.from(file.name, 'latin1').toString();
    const ignored = selection?.ignores(text) ?? false;
    if (!ignored) files.push(...pending.splice(0), file);
    if (!status.isDirectory() || (ignored && !selection?.mayHold(text))) continue;
    if (ignored) pending.push(file);
    list(path, file.name, selection, pending, files);
    if (pending.at(-1) === file) pending.pop();
  }
}

/** One character for each byte, in their order. */
function entriesOf(path: Path): string[] {
  try {
    return readdirSync(path, 'latin1').sort();
  } catch (error) {
    throw new ExitError(`open ${path}: ${reasonOf(error)}`);
  }
}

const plain = /^[\x20-\x7e]*$/;

function beneath(directory: Path, entry: string): Path {
  if (typeof directory === 'string' && plain.test(entry)) return `${directory}/${entry}`;
  return Buffer.concat([Buffer.from(directory), Buffer.from(`/${entry}`, 'latin1')]);
}

/** As a tar: the same files give the same bytes, whoever owns them. Each chunk is valid until the next is asked for. */
export async function* packFiles(files: Iterable<ContextFile>): AsyncGenerator<Uint8Array> {
  const writer = new TarWriter({ uid: 0, gid: 0 });
  for (const { path, name, status } of files)
    if (status.isDirectory()) yield* writer.directory(name, status);
    else yield* writer.leaf(path, name, status);
  yield* writer.end();
}
