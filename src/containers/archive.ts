/** Files in and out of a container (`docker cp`). */
import { decompressButGzip } from '../archive/compression.ts';
import { cleanPath } from '../lib/clean-path.ts';
import { type EngineError, forbidden, invalid, notFound } from '../lib/errors.ts';
import { type Context, emitContainer } from './context.ts';
import { type Answer, FileProgram } from './file-program.ts';
import { openFileTree } from './file-tree.ts';
import { held } from './held.ts';
import type { ArchiveOptions, PathStat } from './model.ts';

/** As Docker reads the path: absolute, cleaned, with a trailing slash where the last component must be a directory. */
interface CleanPath {
  path: string;
  /** Its last component as the user named it: "." for one that ends so. */
  base: string;
}

export function cleanArchivePath(given: string): CleanPath {
  const dot = /(^|\/)\.\/*$/.test(given);
  const directory = dot || given.endsWith('/');
  const path = cleanPath(`/${given}`);
  return {
    path: directory && path !== '/' ? `${path}/` : path,
    base: dot ? '.' : path.slice(path.lastIndexOf('/') + 1) || '/',
  };
}

export async function statPath(context: Context, ref: string, given: string): Promise<PathStat> {
  const { id } = context.store.find(ref);
  const { path, base } = cleanArchivePath(given);
  await using tree = await openFileTree(context, id, { mounts: true });
  await using program = new FileProgram('tar', tree, ['--member', path, '--as', base, '--status']);
  return pathStat(base, await program.answer(), () => missing(given, ref));
}

/** `archive` must be read to its end or returned early, or the container stays locked. */
export async function getArchive(
  context: Context,
  ref: string,
  given: string,
): Promise<{ stat: PathStat; archive: AsyncIterableIterator<Uint8Array> }> {
  const container = context.store.find(ref);
  const { path, base } = cleanArchivePath(given);
  await using stack = new AsyncDisposableStack();
  const tree = stack.use(await openFileTree(context, container.id, { mounts: true }));
  const name = base === '/' ? '' : base;
  const program = stack.use(new FileProgram('tar', tree, ['--member', path, '--as', name]));
  const stat = pathStat(base, await program.answer(), () => missing(given, ref));
  emitContainer(context, container, 'archive-path');
  return { stat, archive: held(program.output(), stack.move()) };
}

export async function putArchive(
  context: Context,
  ref: string,
  given: string,
  archive: AsyncIterable<Uint8Array>,
  options: ArchiveOptions,
): Promise<void> {
  const container = context.store.find(ref);
  const { path } = cleanArchivePath(given);
  const { compression, chunks } = await decompressButGzip(archive);
  await using tree = await openFileTree(context, container.id, { mounts: true });
  const owner =
    options.containerOwner && container.config.user !== '' ? ['--owner', container.config.user] : [];
  await using program = new FileProgram('untar', tree, [
    ...[
      '--into',
      path.replace(/(?<=.)\/$/, ''),
      '--keep-kind',
      options.keepKind ? 'yes' : 'no',
      '--compression',
      compression,
    ],
    ...owner,
  ]);
  refuse(await program.answer(), () => missing(given, ref));
  // The program ends by itself when its input does, also when that is too early: a file that it has begun is removed then.
  const [fed, finished] = await Promise.allSettled([program.feed(chunks), program.finish()]);
  // A broken source looks to the program like an archive that ends too early: the source's own error says more.
  for (const outcome of [fed, finished]) if (outcome.status === 'rejected') throw outcome.reason;
  emitContainer(context, container, 'extract-to-dir');
}

const missing = (path: string, ref: string) =>
  notFound(`Could not find the file ${path} in container ${ref}`);

function refuse({ refused }: Answer, gone: () => EngineError): void {
  switch (refused) {
    case undefined:
      return;
    case 'missing':
      throw gone();
    case 'not a directory':
      throw invalid('extraction point is not a directory');
    case 'read-only root':
      throw forbidden('container rootfs is marked read-only');
    case 'read-only mount':
      throw forbidden('mounted volume is marked read-only');
  }
}

function pathStat(name: string, answer: Answer, gone: () => EngineError): PathStat {
  refuse(answer, gone);
  const { mode = 0, size = 0, seconds = 0, nanoseconds = 0, link = '' } = answer;
  return {
    name,
    mode,
    size,
    mtime: { seconds, nanoseconds },
    linkTarget: Buffer.from(link, 'latin1').toString('utf8'),
  };
}
