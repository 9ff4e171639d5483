import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalid } from '../lib/errors.ts';
import { requireFree } from '../lib/free-space.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import type { Blob, Expected } from './content.ts';

/** Chunks are gathered up to this many bytes before each write. */
const batch = 1 << 20;
const readSize = 256 << 10;

export interface IngestFile {
  file: FileHandle;
  path: string;
  /** Puts the finished file into its place, which it returns. */
  publish: (digest: Digest) => string;
  /** Leaves the file where it is when the ingest is disposed without `commit`: another one goes on from there. */
  keep: boolean;
}

type State = { kind: 'open' } | { kind: 'committed' } | { kind: 'failed'; error: unknown };

/** One blob on its way into the store. */
export class Ingest implements AsyncDisposable {
  #hash = createHash('sha256');
  readonly #limit: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #size = 0;
  #state: State = { kind: 'open' };
  #path: string;
  #wakeFollowers: (() => void)[] = [];

  constructor(
    private readonly at: IngestFile,
    private readonly expected: Expected,
  ) {
    this.#path = at.path;
    this.#limit = expected.size ?? expected.limit ?? Number.MAX_SAFE_INTEGER;
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#size;
  }

  /** Takes in what an earlier ingest left in the file; what cannot be the beginning of this blob is thrown away. */
  async takeUp(): Promise<void> {
    const { size } = await this.at.file.stat();
    if (size > this.#limit) return this.restart();
    for await (const chunk of this.#read(() => size)) this.#hash.update(chunk);
    this.#size = size;
  }

  /** Forgets every byte. */
  async restart(): Promise<void> {
    await this.at.file.truncate(0);
    this.#hash = createHash('sha256');
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#size = 0;
  }

  /** `chunk` must not be changed afterwards. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#size + chunk.byteLength > this.#limit)
      throw await this.#refuse(invalid(`content is larger than the expected ${this.#limit} bytes`));
    this.#size += chunk.byteLength;
    this.#hash.update(chunk);
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.byteLength;
    if (this.#pendingBytes >= batch) await this.flush();
  }

  /** Everything taken so far is in the file. */
  async flush(): Promise<void> {
    requireFree(dirname(this.#path), this.#pendingBytes);
    let buffers = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    while (buffers.length > 0) {
      const { bytesWritten } = await this.at.file.writev(buffers);
      buffers = unwritten(buffers, bytesWritten);
    }
    this.#wake();
  }

  /** Verifies and publishes. The store may have had the same blob already: the rename replaces like with like. */
  async commit(): Promise<Blob> {
    await this.flush();
    const digest = parseDigest(`sha256:${this.#hash.copy().digest('hex')}`);
    const { size, digest: wanted } = this.expected;
    if (size !== undefined && size !== this.#size)
      throw await this.#refuse(invalid(`content has ${this.#size} bytes, expected ${size}`));
    if (wanted !== undefined && wanted !== digest)
      throw await this.#refuse(invalid(`content digest mismatch: got ${digest}, expected ${wanted}`));
    await this.at.file.close();
    this.#path = this.at.publish(digest);
    this.#end({ kind: 'committed' });
    return { digest, size: this.#size };
  }

  /**
   * The bytes from the first on, as they arrive; ends when the blob is committed and throws when it is not. Memory does not grow
   * with how far the reader is behind. None may call `restart` meanwhile.
   */
  async *follow(): AsyncGenerator<Uint8Array> {
    yield* this.#read(() => {
      if (this.#state.kind === 'failed') throw this.#state.error;
      return this.#state.kind === 'committed' ? this.#size : null;
    });
  }

  /** The file up to where `end` says; null: there is more to come. */
  async *#read(end: () => number | null): AsyncGenerator<Uint8Array> {
    await using file = await this.#open();
    for (let at = 0; ; ) {
      const grown = this.#growth();
      const last = end();
      if (last !== null && at >= last) return;
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readSize), 0, readSize, at);
      at += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (last !== null) throw invalid('content is shorter than it was');
      else await grown;
    }
  }

  /** The file may be published, and so renamed, while it is being opened. */
  async #open(): Promise<FileHandle> {
    const path = this.#path;
    try {
      return await open(path, 'r');
    } catch (error) {
      if (path === this.#path) throw error;
      return open(this.#path, 'r');
    }
  }

  #growth(): Promise<void> {
    return new Promise((resolve) => this.#wakeFollowers.push(resolve));
  }

  #wake(): void {
    const followers = this.#wakeFollowers;
    this.#wakeFollowers = [];
    for (const follower of followers) follower();
  }

  #end(state: State): void {
    this.#state = state;
    this.#wake();
  }

  /** Bytes that are wrong are of no use to anybody who goes on from here. */
  async #refuse(error: Error): Promise<Error> {
    await this.restart();
    this.#end({ kind: 'failed', error });
    return error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { file, keep } = this.at;
    if (this.#state.kind === 'committed') return;
    if (keep) await this.flush().catch(() => undefined);
    if (this.#state.kind === 'open')
      this.#end({ kind: 'failed', error: invalid('content was not completed') });
    await file.close().catch(() => undefined);
    if (!keep || this.#size === 0) await rm(this.#path, { force: true });
  }
}

/** What a short write left over. */
function unwritten(buffers: Uint8Array[], written: number): Uint8Array[] {
  let done = written;
  const rest: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (done < buffer.byteLength) rest.push(buffer.subarray(done));
    done = Math.max(0, done - buffer.byteLength);
  }
  return rest;
}
