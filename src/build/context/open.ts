/** A context that a build reads from. */
import { decompressButGzip } from '../../archive/compression.ts';
import { untar } from '../../images/untar.ts';
import { notFound } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import type { KnownFiles } from '../files/known-files.ts';

/** How long a context waits for its build, in milliseconds. */
export const patience = 10 * 60_000;

export interface OpenContext extends AsyncDisposable {
  /** Of the host. */
  path: string;
  /** From the last time. */
  known?: KnownFiles;
  /** The context was nothing but this Dockerfile. */
  dockerfile: string | null;
  /** Nothing is in it that `.dockerignore` names. */
  isFiltered: boolean;
}

export async function unpack(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  op: Operational,
): Promise<void> {
  const { compression, chunks } = await decompressButGzip(archive);
  await untar(chunks, directory, { whiteouts: 'none', compression, signal: op.signal });
}

export const noSuchContext = (id: string): Error => notFound(`no such build context: ${id}`);
