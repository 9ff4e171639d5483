/**
 * Blobs by digest: `<data-root>/content/blobs/sha256/<hex>`. A blob is written to `ingest/`, hashed while it passes, and
 * renamed into place only when size and digest are right, so whatever is under `blobs/` is complete and verified.
 * A blob whose digest is known beforehand is written to `partial/<hex>` instead, which outlives the daemon: see `resume`.
 * Some blobs are no files but derived from something else (`derive`); everything but `path` makes no difference.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { skip } from '../lib/chunks.ts';
import { internal, invalid, notFound } from '../lib/errors.ts';
import { requireFree } from '../lib/free-space.ts';
import { type Digest, digestOf, parseDigest } from '../lib/ids.ts';
import { fileChunks } from './chunks.ts';
import { type DerivedBlobs, noDerivedBlobs } from './derived.ts';
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

const blobName = /^[0-9a-f]{64}$/;

export class ContentStore {
  readonly #blobs: string;
  readonly #ingests: string;
  readonly #partial: string;
  #derived: DerivedBlobs = noDerivedBlobs;
  #next = 0;

  constructor(readonly directory: string) {
    this.#blobs = join(directory, 'blobs', 'sha256');
    this.#ingests = join(directory, 'ingest');
    this.#partial = join(directory, 'partial');
    mkdirSync(this.#blobs, { recursive: true, mode: 0o710 });
    rmSync(this.#ingests, { recursive: true, force: true });
    mkdirSync(this.#ingests, { mode: 0o700 });
    mkdirSync(this.#partial, { recursive: true, mode: 0o700 });
  }

  /** From now on these blobs are here too. */
  derive(blobs: DerivedBlobs): void {
    this.#derived = blobs;
  }

  #file(digest: Digest): string {
    return join(this.#blobs, parseDigest(digest).slice('sha256:'.length));
  }

  #fileSize(digest: Digest): number | null {
    return statSync(this.#file(digest), { throwIfNoEntry: false })?.size ?? null;
  }

  /** Whether the blob is a file of its own. */
  isFile(digest: Digest): boolean {
    return this.#fileSize(digest) !== null;
  }

  /** The file of a blob that is one: see isFile. Others have only `stream`. */
  path(digest: Digest): string {
    const path = this.#file(digest);
    if (!this.isFile(digest)) throw notFound(`content ${digest} is not a file`);
    return path;
  }

  /** Bytes of a blob, or null when it is not here. */
  size(digest: Digest): number | null {
    return this.#fileSize(digest) ?? this.#derived.size(digest);
  }

  has(digest: Digest): boolean {
    return this.size(digest) !== null;
  }

  /** A blob being written. Disposing it without `commit` leaves nothing. */
  async ingest(expected: Expected = {}): Promise<Ingest> {
    if (expected.size !== undefined) requireFree(this.#ingests, expected.size);
    const path = join(this.#ingests, String(this.#next++));
    const file = await open(path, 'wx', 0o600);
    return new Ingest(
      { file, path, publish: (digest) => this.#publish(path, digest), keep: false },
      expected,
    );
  }

  /**
   * A blob that is known and on its way, from where an earlier attempt at it ended (`size` of the result). Disposing it without
   * `commit` keeps what is there for the next attempt. At most one at a time for each digest.
   */
  async resume({ digest, size }: Blob): Promise<Ingest> {
    const path = join(this.#partial, parseDigest(digest).slice('sha256:'.length));
    const file = await open(path, 'a+', 0o600);
    const publish = () => this.#publish(path, digest);
    const ingest = new Ingest({ file, path, publish, keep: true }, { digest, size });
    await ingest.takeUp();
    requireFree(this.#partial, size - ingest.size);
    return ingest;
  }

  /** Removes what attempts left that were last continued before `before` (milliseconds since the epoch). */
  async forgetPartial(before: number): Promise<void> {
    for (const name of await readdir(this.#partial)) {
      const path = join(this.#partial, name);
      const { mtimeMs } = await stat(path);
      if (mtimeMs < before) await rm(path, { force: true });
    }
  }

  #publish(from: string, digest: Digest): string {
    const path = this.#file(digest);
    renameSync(from, path);
    return path;
  }

  /** Writes a whole stream. Throws invalid when size or digest are not the expected ones. */
  async write(chunks: AsyncIterable<Uint8Array>, expected: Expected = {}): Promise<Blob> {
    await using ingest = await this.ingest(expected);
    for await (const chunk of chunks) await ingest.write(chunk);
    return await ingest.commit();
  }

  /** A small blob. One that is here as it should be is not written again, which would cost what it takes to reach the disk. */
  async writeBytes(bytes: Uint8Array, expected: Expected = {}): Promise<Blob> {
    const digest = digestOf(bytes);
    const isWanted =
      [digest, undefined].includes(expected.digest) && !('size' in expected || 'limit' in expected);
    if (isWanted && (await this.#isHere(digest, bytes))) return { digest, size: bytes.length };
    await using ingest = await this.ingest(expected);
    await ingest.write(bytes);
    return await ingest.commit();
  }

  async #isHere(digest: Digest, bytes: Uint8Array): Promise<boolean> {
    if (this.#fileSize(digest) !== bytes.length) return false;
    return (await readFile(this.#file(digest))).equals(bytes);
  }

  /** A small blob whole. */
  async read(digest: Digest, limit: number): Promise<Buffer> {
    const size = this.size(digest);
    if (size === null) throw notFound(`content ${digest} not found`);
    if (size > limit) throw invalid(`content ${digest} is too large: ${size} bytes, at most ${limit}`);
    return this.isFile(digest)
      ? readFile(this.#file(digest))
      : Buffer.concat(await Array.fromAsync(this.stream(digest)));
  }

  /** Its first bytes, at most `count`. */
  async head(digest: Digest, count: number): Promise<Uint8Array> {
    if (this.isFile(digest)) return Bun.file(this.#file(digest)).slice(0, count).bytes();
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.stream(digest)) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length >= count) break;
    }
    return Buffer.concat(chunks).subarray(0, count);
  }

  /** The bytes from `offset` on. */
  stream(digest: Digest, offset = 0): AsyncIterable<Uint8Array> {
    if (this.isFile(digest)) return fileChunks(this.#file(digest), offset);
    if (!this.has(digest)) throw notFound(`content ${digest} not found`);
    const whole = this.#derived.stream(digest);
    return offset === 0 ? whole : skip(whole, offset);
  }

  /** Reads the whole blob; throws when it is missing or its bytes are not those that the digest names. */
  async verify(digest: Digest, signal?: AbortSignal): Promise<void> {
    if (this.has(digest) && !this.isFile(digest)) return this.#derived.check(digest, signal);
    const hash = createHash('sha256');
    for await (const chunk of this.stream(digest)) {
      signal?.throwIfAborted();
      hash.update(chunk);
    }
    const actual = `sha256:${hash.digest('hex')}`;
    if (actual !== digest) throw internal(`content ${digest} is damaged: its bytes are those of ${actual}`);
  }

  async remove(digest: Digest): Promise<void> {
    await this.removeFile(digest);
    await this.#derived.remove(digest);
  }

  /** The file alone; a derived blob of the same digest stays. */
  async removeFile(digest: Digest): Promise<void> {
    await rm(this.#file(digest), { force: true });
  }

  async list(): Promise<Blob[]> {
    return this.digests().flatMap((digest) => {
      const size = this.size(digest);
      return size === null ? [] : [{ digest, size }];
    });
  }

  /** All that are here, without a stat of each. */
  digests(): Digest[] {
    const names = readdirSync(this.#blobs).filter((name) => blobName.test(name));
    const files = names.map((name) => parseDigest(`sha256:${name}`));
    return [...new Set([...files, ...this.#derived.digests()])];
  }
}

/** `directory` is `<data-root>/content`. What an earlier daemon was writing when it died is removed. */
export function openContent(directory: string): ContentStore {
  return new ContentStore(directory);
}
