/** The compressed tar of a volume on disk: its digest has to be known before the first byte is sent. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { parseDigest } from '../../lib/ids.ts';
import type { BlobSource } from '../../registry/client/model.ts';

export class Spool implements AsyncDisposable {
  private constructor(
    private readonly path: string,
    readonly blob: BlobSource,
  ) {}

  static async write(path: string, tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Spool> {
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    try {
      const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
      await pipeline(Readable.from(tar), createZstdCompress(), hashing, file, { signal });
      const { size } = await stat(path);
      const digest = parseDigest(`sha256:${hash.digest('hex')}`);
      return new Spool(path, { digest, size, open: (offset) => createReadStream(path, { start: offset }) });
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { force: true });
  }
}
