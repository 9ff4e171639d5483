/** The two programs of native/skeleton.h, each shut into the layer's directory. Skeletons are kept compressed (zstd). */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { decompress } from '../../archive/compression.ts';
import { feed } from '../../archive/feed.ts';
import { fileChunks } from '../../content/chunks.ts';
import { internal } from '../../lib/errors.ts';
import { type Digest, parseDigest } from '../../lib/ids.ts';
import { nativePath, workerError, workerOptions } from '../../linux/native.ts';

export interface SkeletonOptions {
  signal?: AbortSignal;
  /** Takes processor and disk only when nobody else wants them. */
  background?: boolean;
}

const spawnOptions = ({ signal }: SkeletonOptions) => ({ ...workerOptions, ...(signal ? { signal } : {}) });

const command = (program: string, directory: string, { background }: SkeletonOptions) => [
  nativePath(),
  program,
  directory,
  ...(background ? ['--background'] : []),
];

const reason = (stderr: string) => workerError(stderr) ?? (stderr.trim() || 'it was killed');

/**
 * Writes the skeleton of a plain tar whose files are below `directory` to `target`, which must not be there. When it resolves,
 * the skeleton and the files that it refers to are on disk. Returns the skeleton's bytes.
 */
export async function makeSkeleton(
  tar: Bun.BunFile,
  directory: string,
  target: string,
  options: SkeletonOptions = {},
): Promise<number> {
  const child = Bun.spawn(command('skeleton', directory, options), { ...spawnOptions(options), stdin: tar });
  const message = child.stderr.text();
  const source = Readable.from(child.stdout, { objectMode: false });
  try {
    await pipeline(source, createZstdCompress(), createWriteStream(target, { flags: 'wx', mode: 0o600 }));
  } finally {
    child.kill();
  }
  const code = await child.exited;
  options.signal?.throwIfAborted();
  if (code !== 0) throw internal(`gantry-init skeleton: ${reason(await message)}`);
  await using file = await open(target);
  await file.sync();
  return (await file.stat()).size;
}

/** The plain tar again. Nothing is verified here but what the skeleton itself says. */
export function rebuild(
  skeleton: string,
  directory: string,
  options: SkeletonOptions = {},
): AsyncGenerator<Uint8Array> {
  return outputOf('rebuild', skeleton, directory, options);
}

/** The digest of what `rebuild` would give; its bytes do not come here. */
export async function rebuildDigest(
  skeleton: string,
  directory: string,
  options: SkeletonOptions = {},
): Promise<Digest> {
  const output = await Array.fromAsync(outputOf('rebuild-digest', skeleton, directory, options));
  return parseDigest(`sha256:${Buffer.concat(output)}`);
}

async function* outputOf(
  program: 'rebuild' | 'rebuild-digest',
  skeleton: string,
  directory: string,
  options: SkeletonOptions,
): AsyncGenerator<Uint8Array> {
  const child = Bun.spawn(command(program, directory, options), {
    ...spawnOptions(options),
    stdin: 'pipe',
  });
  const message = child.stderr.text();
  const fed = feed(child.stdin, decompress(fileChunks(skeleton))).then(
    () => undefined,
    (error: unknown) => {
      child.kill();
      return error;
    },
  );
  try {
    yield* child.stdout;
    const [code, failure] = await Promise.all([child.exited, fed]);
    options.signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (code !== 0) throw internal(`gantry-init ${program}: ${reason(await message)}`);
  } finally {
    child.kill();
  }
}
