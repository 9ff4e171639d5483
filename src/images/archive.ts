import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Extract, extract } from 'tar-stream';
import { decompress } from '../archive/compression.ts';
import type { Blob, ContentStore } from '../content/content.ts';
import { cleanPath } from '../lib/clean-path.ts';
import { EngineError, invalid, messageOf, notFound } from '../lib/errors.ts';
import type { Digest } from '../lib/ids.ts';

/** Of an image archive; each image has a few files. */
const entryLimit = 100_000;
const linkHops = 16;

type Member = { kind: 'file'; blob: Blob } | { kind: 'link'; target: string };

/**
 * The files of an image archive, by the names they had there. The names are only keys of a map: contents went into the
 * content store under their digests, so no name can reach a file.
 */
export class ArchiveFiles {
  readonly #members = new Map<string, Member>();

  add(name: string, member: Member): void {
    if (this.#members.size >= entryLimit) throw invalid(`the archive has more than ${entryLimit} entries`);
    this.#members.set(cleanName(name), member);
  }

  /** The blob of a name, through symbolic links between members (old `docker save` links equal layers). */
  find(name: string): Blob | null {
    let at = cleanName(name);
    for (let hop = 0; hop <= linkHops; hop++) {
      const member = this.#members.get(at);
      if (member === undefined) return null;
      if (member.kind === 'file') return member.blob;
      at = cleanName(member.target);
    }
    return null;
  }

  get(name: string): Blob {
    const blob = this.find(name);
    if (blob === null) throw notFound(`invalid archive: it has no file ${JSON.stringify(name)}`);
    return blob;
  }

  hasDigest(digest: Digest): boolean {
    for (const member of this.#members.values())
      if (member.kind === 'file' && member.blob.digest === digest) return true;
    return false;
  }
}

/** "./a//b/../c" -> "a/c"; ".." does not leave the top. */
export const cleanName = (name: string): string => cleanPath(`/${name}`).slice(1);

/** Reads a tar (plain or compressed) and puts every regular file into the content store while it passes. */
export async function ingestArchive(
  archive: AsyncIterable<Uint8Array>,
  content: ContentStore,
  signal: AbortSignal,
): Promise<ArchiveFiles> {
  const files = new ArchiveFiles();
  const tar = extract();
  const pump = pipeline(Readable.from(decompress(archive), { objectMode: false }), tar, { signal });
  const read = (async () => {
    for await (const entry of tar) await ingestEntry(entry, content, files);
  })();
  const [pumped, ingested] = await Promise.allSettled([pump, read]);
  signal.throwIfAborted();
  // Whichever fails first ends the other; that a reader went away is never the reason.
  const failed = [pumped, ingested]
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => reason);
  if (failed.length > 0) throw archiveError(failed.find((reason) => !isPrematureClose(reason)) ?? failed[0]);
  return files;
}

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

async function ingestEntry(entry: Entry, content: ContentStore, files: ArchiveFiles): Promise<void> {
  const { name, type, linkname } = entry.header;
  if (type === 'symlink' && linkname) {
    const directory = name.slice(0, name.lastIndexOf('/') + 1);
    files.add(name, { kind: 'link', target: linkname.startsWith('/') ? linkname : directory + linkname });
  } else if (type === 'link' && linkname) {
    files.add(name, { kind: 'link', target: linkname });
  } else if (type === 'file' || type === 'contiguous-file') {
    files.add(name, { kind: 'file', blob: await content.write(entry as AsyncIterable<Uint8Array>) });
    return;
  }
  entry.resume();
}

function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** tar-stream's errors in Docker's words. */
function archiveError(error: unknown): Error {
  if (error instanceof EngineError) return error;
  const text = messageOf(error);
  if (/Unexpected end of data/i.test(text)) return invalid('unexpected EOF', { cause: error });
  if (/tar header|Header exceeds|Invalid header|format/i.test(text))
    return invalid('archive/tar: invalid tar header', { cause: error });
  return error instanceof Error && 'code' in error
    ? invalid(text, { cause: error })
    : new Error(text, { cause: error });
}
