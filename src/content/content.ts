/**
 * Blobs by digest: `<data-root>/content/blobs/sha256/<hex>`. A blob is written to `ingest/`, hashed while it passes, and
 * renamed into place only when size and digest are right, so whatever is under `blobs/` is complete and verified.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid, notFound } from '../lib/errors.ts';
import { requireFree } from '../lib/free-space.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import { Ingest } from './ingest.ts';

export interface Blob {
  digest: Digest;
  size: number;
}

export interface Expected {
  digest?: Digest;
  size?: number;
  /** Refuse more bytes than this. */
  limit?: number;
}

export class ContentStore {
  readonly #blobs: string;
  readonly #ingests: string;
  #next = 0;

  constructor(directory: string) {
    this.#blobs = join(directory, 'blobs', 'sha256');
    this.#ingests = join(directory, 'ingest');
    mkdirSync(this.#blobs, { recursive: true, mode: 0o710 });
    rmSync(this.#ingests, { recursive: true, force: true });
    mkdirSync(this.#ingests, { mode: 0o700 });
  }

  path(digest: Digest): string {
    return join(this.#blobs, parseDigest(digest).slice('sha256:'.length));
  }

  /** Bytes of a blob, or null when it is not here. */
  size(digest: Digest): number | null {
    return statSync(this.path(digest), { throwIfNoEntry: false })?.size ?? null;
  }

  has(digest: Digest): boolean {
    return this.size(digest) !== null;
  }

  /** A blob being written. Disposing it without `commit` leaves nothing. */
  async ingest(expected: Expected = {}): Promise<Ingest> {
    if (expected.size !== undefined) requireFree(this.#ingests, expected.size);
    const path = join(this.#ingests, String(this.#next++));
    const file = await open(path, 'wx', 0o600);
    return new Ingest(file, path, expected, (digest) => renameSync(path, this.path(digest)));
  }

  /** Writes a whole stream. Throws invalid when size or digest are not the expected ones. */
  async write(chunks: AsyncIterable<Uint8Array>, expected: Expected = {}): Promise<Blob> {
    await using ingest = await this.ingest(expected);
    for await (const chunk of chunks) await ingest.write(chunk);
    return await ingest.commit();
  }

  async writeBytes(bytes: Uint8Array, expected: Expected = {}): Promise<Blob> {
    await using ingest = await this.ingest(expected);
    await ingest.write(bytes);
    return await ingest.commit();
  }

  /** A small blob whole. */
  async read(digest: Digest, limit: number): Promise<Buffer> {
    const size = this.size(digest);
    if (size === null) throw notFound(`content ${digest} not found`);
    if (size > limit) throw invalid(`content ${digest} is too large: ${size} bytes, at most ${limit}`);
    return readFile(this.path(digest));
  }

  stream(digest: Digest): ReadableStream<Uint8Array> {
    if (!this.has(digest)) throw notFound(`content ${digest} not found`);
    return Bun.file(this.path(digest)).stream();
  }

  async remove(digest: Digest): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  async list(): Promise<Blob[]> {
    const blobs: Blob[] = [];
    for (const name of await readdir(this.#blobs)) {
      const digest = parseDigest(`sha256:${name}`);
      const size = this.size(digest);
      if (size !== null) blobs.push({ digest, size });
    }
    return blobs;
  }

  /** Names under `blobs/`, without a stat of each. */
  digests(): Digest[] {
    return readdirSync(this.#blobs).map((name) => parseDigest(`sha256:${name}`));
  }
}

/** `directory` is `<data-root>/content`. What an earlier daemon was writing when it died is removed. */
export function openContent(directory: string): ContentStore {
  return new ContentStore(directory);
}
