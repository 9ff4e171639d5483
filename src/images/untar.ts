import { readFileSync } from 'node:fs';
import { feed } from '../archive/feed.ts';
import { internal } from '../lib/errors.ts';
import { freeReserve } from '../lib/free-space.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import { sourceFailed, untarError } from '../linux/archive-program.ts';
import { nativePath, workerOptions } from '../linux/native.ts';
import type { WrittenLayer } from '../snapshots/snapshotter.ts';

export interface UntarOptions {
  whiteouts: 'overlay' | 'apply' | 'none';
  /** What the process itself decompresses. Default: none. */
  compression?: 'none' | 'gzip';
  /** Bytes of a file that have been read, now and then. */
  progress?: (position: number) => void;
  signal: AbortSignal;
}

/** Bytes of file data and number of members that the archive held. */
export interface Untarred extends WrittenLayer {
  /** Of the plain archive: the DiffID of the layer. */
  digest: Digest;
  bytes: number;
  entries: number;
}

/** The report names implied directories, of which a strange layer may have very many. */
const reportLimit = 64 << 20;
const errorLimit = 64 << 10;

/** Unpacks a tar, plain or gzip, into `directory` in a process that is shut into it: see native/untar.h. */
export async function untar(
  source: Bun.BunFile | AsyncIterable<Uint8Array>,
  directory: string,
  options: UntarOptions,
): Promise<Untarred> {
  const bounds = ['--keep-free', String(freeReserve(directory))];
  const { whiteouts, compression = 'none' } = options;
  const form = ['--whiteouts', whiteouts, '--compression', compression];
  const command = [nativePath(), 'untar', directory, ...form, ...bounds];
  const { child, fed } =
    source instanceof Blob ? fromFile(command, source, options) : fromChunks(command, source, options);
  using _watch = watchPosition(child.pid, source instanceof Blob ? options.progress : undefined);
  const [failure, report, message, code] = await Promise.all([
    fed,
    boundedText(child.stdout, reportLimit),
    boundedText(child.stderr, errorLimit),
    child.exited,
  ]);
  options.signal.throwIfAborted();
  // A broken source looks to the child like an archive that ends too early: the source's own error says more.
  if (failure !== undefined) throw failure;
  if (code !== 0) throw untarError(message);
  return parseReport(report);
}

const spawnOptions = ({ signal }: UntarOptions) => ({ ...workerOptions, signal });

/** proc_pid_fdinfo(5): how far a process has read its standard input. */
function watchPosition(pid: number, progress: UntarOptions['progress']): Disposable {
  const look = () => {
    try {
      const position = /^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/0`, 'utf8'))?.[1];
      if (position !== undefined) progress?.(Number(position));
    } catch {
      // It has ended meanwhile.
    }
  };
  const timer = progress === undefined ? null : setInterval(look, 200);
  return { [Symbol.dispose]: () => timer !== null && clearInterval(timer) };
}

function fromFile(command: string[], source: Bun.BunFile, options: UntarOptions) {
  const child = Bun.spawn(command, { ...spawnOptions(options), stdin: source });
  return { child, fed: Promise.resolve(undefined) };
}

function fromChunks(command: string[], source: AsyncIterable<Uint8Array>, options: UntarOptions) {
  const child = Bun.spawn(command, { ...spawnOptions(options), stdin: 'pipe' });
  return { child, fed: feed(child.stdin, source).then(() => undefined, sourceFailed) };
}

async function boundedText(stream: ReadableStream<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length <= limit) chunks.push(chunk);
  }
  if (length > limit) throw internal(`gantry-init untar answered with ${length} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}

function parseReport(report: string): Untarred {
  const { sha256, bytes, entries, implied } = JSON.parse(report) as Record<string, unknown>;
  if (typeof bytes !== 'number' || typeof entries !== 'number' || !Array.isArray(implied))
    throw internal('gantry-init untar gave no report');
  return { digest: parseDigest(`sha256:${String(sha256)}`), bytes, entries, implied };
}
