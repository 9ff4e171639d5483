/** Reading one file of a directory that somebody else made. */
import { FileProgram } from '../../containers/file-program.ts';
import { collect } from '../../lib/chunks.ts';
import { invalid, notFound } from '../../lib/errors.ts';

const block = 512;
const sizeAt = 124;
const sizeLength = 12;
/** As many links as path_resolution(7) follows. */
const maxLinks = 40;
const typeBits = 0o170000;
const types = { file: 0o100000, link: 0o120000 } as const;

/** null: there is nothing at the absolute path. Throws for what is no file, and for one of more than `limit` bytes. */
export async function readInside(
  directory: string,
  path: string,
  limit: number,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const tooLong = () => invalid(`${path} has more than ${limit} bytes`);
  try {
    return await collect(contentOf(directory, path, signal), limit, tooLong);
  } catch (error) {
    if (error instanceof Missing) return null;
    throw error;
  }
}

class Missing extends Error {}

/**
 * The bytes of the file at an absolute path of the host's `directory`, which no link leads out of. `path`: as bytes in Latin-1. Ending
 * the iteration early ends the reading.
 */
export async function* contentOf(
  directory: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = path;
  for (let links = 0; links <= maxLinks; links++) {
    signal.throwIfAborted();
    await using program = new FileProgram('tar', { operations: null, args: [directory] }, [
      '--member',
      at,
      '--as',
      'file',
    ]);
    const { refused, mode = 0, link = '' } = await program.answer();
    if (refused !== undefined) throw new Missing(notFound(`${path}: no such file`).message);
    if ((mode & typeBits) === types.file) return yield* firstMember(program.output());
    if ((mode & typeBits) !== types.link) throw invalid(`${path} is no regular file`);
    at = link;
  }
  throw invalid(`${path}: too many levels of symbolic links`);
}

/** The content of the one file in it. What a header cannot say (a large number, an attribute) comes before it in one of its own. */
async function* firstMember(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await using reader = new BlockReader(archive);
  let header = await reader.exactly(block);
  let size = sizeOf(header);
  if (typeOf(header) === extendedHeader) {
    const records = (await reader.exactly(padded(size))).subarray(0, size);
    header = await reader.exactly(block);
    size = sizeIn(records) ?? sizeOf(header);
  }
  yield* reader.upTo(size);
}

const extendedHeader = 'x';
const typeAt = 156;

const typeOf = (header: Buffer): string => header.toString('latin1', typeAt, typeAt + 1);
const padded = (size: number): number => Math.ceil(size / block) * block;

/** Octal; of a larger one the extended header tells. */
const sizeOf = (header: Buffer): number =>
  Number.parseInt(header.toString('latin1', sizeAt, sizeAt + sizeLength), 8) || 0;

/** Each record is "LENGTH KEY=VALUE\n", where the length is that of all of it. */
function sizeIn(records: Buffer): number | null {
  for (let at = 0; at < records.length; ) {
    const length = Number.parseInt(records.toString('latin1', at, at + sizeLength), 10) || records.length;
    const size = /^\d+ size=(\d+)\n$/.exec(records.toString('latin1', at, at + length))?.[1];
    if (size !== undefined) return Number(size);
    at += length;
  }
  return null;
}

class BlockReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }

  async exactly(count: number): Promise<Buffer> {
    const parts = await Array.fromAsync(this.upTo(count));
    return Buffer.concat(parts);
  }

  async *upTo(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#chunks.next();
        if (done === true) return;
        this.#rest = Buffer.from(value);
      }
      const taken = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(taken.length);
      left -= taken.length;
      yield taken;
    }
  }
}
