import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalid } from '../lib/errors.ts';
import { requireFree } from '../lib/free-space.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import type { Blob, Expected } from './content.ts';

/** Chunks are gathered up to this many bytes before each write. */
const batch = 1 << 20;

/** One blob on its way into the store. */
export class Ingest implements AsyncDisposable {
  readonly #hash = createHash('sha256');
  readonly #limit: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #size = 0;
  #open = true;

  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly expected: Expected,
    private readonly publish: (digest: Digest) => void,
  ) {
    this.#limit = expected.size ?? expected.limit ?? Number.MAX_SAFE_INTEGER;
  }

  /** `chunk` must not be changed afterwards. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.byteLength;
    if (this.#size > this.#limit) throw invalid(`content is larger than the expected ${this.#limit} bytes`);
    this.#hash.update(chunk);
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.byteLength;
    if (this.#pendingBytes >= batch) await this.#flush();
  }

  async #flush(): Promise<void> {
    requireFree(dirname(this.path), this.#pendingBytes);
    let buffers = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    while (buffers.length > 0) {
      const { bytesWritten } = await this.file.writev(buffers);
      buffers = unwritten(buffers, bytesWritten);
    }
  }

  /** Verifies and publishes. The store may have had the same blob already: the rename replaces like with like. */
  async commit(): Promise<Blob> {
    await this.#flush();
    const digest = parseDigest(`sha256:${this.#hash.digest('hex')}`);
    const { size, digest: wanted } = this.expected;
    if (size !== undefined && size !== this.#size)
      throw invalid(`content has ${this.#size} bytes, expected ${size}`);
    if (wanted !== undefined && wanted !== digest)
      throw invalid(`content digest mismatch: got ${digest}, expected ${wanted}`);
    await this.file.close();
    this.publish(digest);
    this.#open = false;
    return { digest, size: this.#size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.file.close().catch(() => undefined);
    await rm(this.path, { force: true });
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
