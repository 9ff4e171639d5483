/** Caches on their way: directories that become images of the daemon, and images that become directories or are pushed. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { suffixedName } from '../../lib/reference.ts';
import { contextFiles, packFiles } from '../archive/context-files.ts';
import { unpack } from '../archive/unpack.ts';
import type { Invocation } from '../command.ts';
import { ApiError, type Client } from '../http/client.ts';
import { jsonLines } from '../stream/json-lines.ts';
import { writeErr } from '../terminal/output.ts';
import type { CacheOptions, CacheSource } from './cache-options.ts';
import { push, tag } from './deliver.ts';
import type { Finished } from './display/view.ts';
import type { Signals } from './signals.ts';

/** Images that are the daemon's until this is disposed. `names`: by which a build may use them. */
export interface OpenCaches extends AsyncDisposable {
  names: string[];
}

/** What cannot be had is no reason to build nothing. */
export async function openCaches(client: Client, sources: readonly CacheSource[]): Promise<OpenCaches> {
  await using stack = new AsyncDisposableStack();
  const names: string[] = [];
  for (const source of sources) {
    const found = source.kind === 'image' ? [source.name] : await load(client, source.path);
    if (source.kind === 'local') stack.use(await hold(client, found));
    names.push(...found);
  }
  const kept = stack.move();
  return { names, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Ids of what an OCI image layout holds. */
async function load(client: Client, path: string): Promise<string[]> {
  const warn = (problem: string) => writeErr(`WARNING: local cache import at ${path}: ${problem}\n`);
  if (!existsSync(join(path, 'index.json'))) warn('not found');
  else
    try {
      return await loaded(client, path);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      warn(error.reason);
    }
  return [];
}

async function loaded(client: Client, path: string): Promise<string[]> {
  const body = { stream: packFiles(contextFiles(resolve(path), null)), type: 'application/x-tar' };
  const response = await client.request('POST', '/images/load', { query: { quiet: true }, body });
  const ids: string[] = [];
  for await (const { stream = '', error } of jsonLines<{ stream?: string; error?: string }>(response.body)) {
    if (error !== undefined) throw new ApiError(500, error);
    const id = /^Loaded image ID: (sha256:[0-9a-f]{64})$/m.exec(stream)?.[1];
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

/**
 * A name of our own for each of these images until this is disposed. It is what is taken away then: what has another name by then, of
 * somebody who wants the same image, stays.
 */
export async function hold(client: Client, images: readonly string[]): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const image of images) {
    const name = `gantry-build-cache:${randomBytes(16).toString('hex')}`;
    await tag(client, image, name);
    stack.defer(() => forget(client, name));
  }
  const kept = stack.move();
  return { [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The images are held by the caller. */
export async function exportCaches(
  invocation: Pick<Invocation, 'client' | 'configDirectory'>,
  { caches }: Finished,
  { to }: CacheOptions,
  { quiet, signals }: { quiet: boolean; signals: Pick<Signals, 'check'> },
): Promise<void> {
  const images = caches.map(({ image }) => image);
  for (const target of to)
    try {
      signals.check();
      if (target.kind === 'local') await save(invocation.client, images, target.path);
      else await pushAll(invocation, caches, target.ref, quiet);
    } catch (error) {
      signals.check();
      if (!target.mayFail) throw error;
      writeErr(`WARNING: the cache was not exported: ${messageOf(error)}\n`);
    }
}

async function pushAll(
  invocation: Pick<Invocation, 'client' | 'configDirectory'>,
  caches: Finished['caches'],
  ref: string,
  quiet: boolean,
): Promise<void> {
  for (const [index, { image, suffix }] of caches.entries())
    await pushAs(invocation, image, index === 0 ? ref : suffixedName(ref, suffix), quiet);
}

/** Without changing what the name means here. */
async function pushAs(
  invocation: Pick<Invocation, 'client' | 'configDirectory'>,
  image: string,
  name: string,
  quiet: boolean,
): Promise<void> {
  const { client } = invocation;
  const before = await idOf(client, name);
  await tag(client, image, name);
  try {
    await push(invocation, name, quiet);
  } finally {
    if (before === null) await forget(client, name);
    else await tag(client, before, name);
  }
}

async function idOf(client: Client, name: string): Promise<string | null> {
  try {
    return (await client.json<{ Id: string }>('GET', `/images/${name}/json`)).Id;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** In place of what was there, once all of it is. */
async function save(client: Client, images: readonly string[], path: string): Promise<void> {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true });
  const fresh = mkdtempSync(join(directory, '.new-'));
  try {
    const { body } = await client.request('GET', '/images/get', { query: { names: images } });
    await unpack(body, fresh, []);
    for (const name of readdirSync(fresh)) {
      rmSync(join(directory, name), { recursive: true, force: true });
      renameSync(join(fresh, name), join(directory, name));
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Something else may need it by now; then it stays. */
export async function forget(client: Client, image: string): Promise<void> {
  try {
    await client.call('DELETE', `/images/${image}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
