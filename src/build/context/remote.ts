/** A context that the daemon fetches: a tar, a Dockerfile, or a git repository. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { detectCompression } from '../../archive/detect.ts';
import { Peeked } from '../../archive/peeked.ts';
import { isTarHeader } from '../../archive/tar-header.ts';
import { collect } from '../../lib/chunks.ts';
import { internal, invalid, messageOf, notFound } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { cloneRepository, parseGitUrl } from './git.ts';

export interface Fetched {
  /** To be unpacked into the directory; null: it is filled, or stays empty. */
  archive: AsyncIterable<Uint8Array> | null;
  /** The text of a Dockerfile that is all there is. */
  dockerfile: string | null;
}

/** Bytes of a Dockerfile. */
const dockerfileLimit = 1 << 20;

export async function fetchContext(url: string, directory: string, op: Operational): Promise<Fetched> {
  const repository = parseGitUrl(url);
  if (repository !== null) {
    await cloneRepository(repository, directory, op);
    return { archive: null, dockerfile: null };
  }
  if (!/^https?:\/\//.test(url))
    throw invalid(`unable to prepare context: path ${JSON.stringify(url)} not found`);
  const { body } = await open(url, op.signal);
  const peeked = new Peeked(body);
  const head = await peeked.head(blockSize);
  if (detectCompression(head) !== 'none' || isTarHeader(head))
    return { archive: peeked.rest(), dockerfile: null };
  const neither = () => invalid(`${withoutSecrets(url)} is neither a tar nor a Dockerfile`);
  const text = await collect(peeked.rest(), dockerfileLimit, neither);
  return { archive: null, dockerfile: text.toString() };
}

async function open(
  url: string,
  signal: AbortSignal,
): Promise<{ response: Response; body: ReadableStream<Uint8Array> }> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw internal(`error fetching ${withoutSecrets(url)}: ${messageOf(error)}`);
  }
  if (!response.ok) await response.body?.cancel();
  if (response.status === 404) throw notFound(`error fetching ${withoutSecrets(url)}: 404 Not Found`);
  if (!response.ok || response.body === null)
    throw internal(`error fetching ${withoutSecrets(url)}: ${response.status} ${response.statusText}`);
  return { response, body: response.body };
}

/** Into a new file. `checksum`: "sha256:…", or null; `modified`: what the server says. */
export async function fetchFile(
  url: string,
  path: string,
  checksum: string | null,
  signal: AbortSignal,
): Promise<{ modified: Date | null }> {
  const { response, body } = await open(url, signal);
  const hash = createHash('sha256');
  const file = openSync(path, 'wx', 0o600);
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
    }
  } finally {
    closeSync(file);
  }
  const digest = `sha256:${hash.digest('hex')}`;
  if (checksum !== null && checksum !== digest) throw invalid(`digest mismatch ${digest}: ${checksum}`);
  const modified = new Date(response.headers.get('last-modified') ?? Number.NaN);
  return { modified: Number.isNaN(modified.getTime()) ? null : modified };
}

/** User and password of a URL appear in no message. */
export function withoutSecrets(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

const blockSize = 512;
