/** Reading one file of a directory that somebody else made. */
import { FileProgram } from '../../containers/file-program.ts';
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
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of contentOf(directory, path, signal)) {
      size += part.length;
      if (size > limit) throw invalid(`${path} has more than ${limit} bytes`);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Missing) return null;
    throw error;
  }
  return Buffer.concat(parts);
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

/** Its name is short and plain, so the header is one block. */
async function* firstMember(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Buffer = Buffer.alloc(0);
  let left = -1;
  for await (const chunk of archive) {
    let bytes: Uint8Array = chunk;
    if (left < 0) {
      head = Buffer.concat([head, chunk]);
      if (head.length < block) continue;
      left = sizeOf(head);
      bytes = head.subarray(block);
    }
    const taken = bytes.subarray(0, left);
    left -= taken.length;
    if (taken.length > 0) yield taken;
  }
}

/** Octal, or for files of 8 GB and more binary behind a set bit (GNU, as gantry-init writes pax then: the header says 0). */
const sizeOf = (header: Buffer): number =>
  Number.parseInt(header.toString('latin1', sizeAt, sizeAt + sizeLength), 8) || 0;
