/** ADD: what COPY does, and archives that are unpacked, URLs that are fetched, and git repositories. */
import { randomBytes } from 'node:crypto';
import { chmodSync, createReadStream, mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { decompress, decompressButGzip } from '../../archive/compression.ts';
import { isTarHeader } from '../../archive/tar-header.ts';
import { untar } from '../../images/untar.ts';
import { invalid, messageOf } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { cloneRepository, parseGitUrl } from '../context/git.ts';
import { fetchFile, withoutSecrets } from '../context/remote.ts';
import { findSources, notInContext } from '../copy/sources.ts';
import type { Add } from '../dockerfile/dockerfile.ts';
import { textOf } from '../files/names.ts';
import { contentOf } from '../files/read.ts';
import type { SourceTree } from '../files/tree.ts';
import type { Origin } from './copy.ts';

const root = { uid: 0, gid: 0 };
const isUrl = (source: string): boolean => /^https?:\/\//i.test(source);

export interface AddNeeds {
  /** For what is fetched and unpacked; the caller removes it. */
  directory: string;
  context: () => Promise<SourceTree>;
  op: Operational;
}

export async function originsOfAdd(instruction: Add, needs: AddNeeds): Promise<Origin[]> {
  const origins: Origin[] = [];
  const { checksum, sources } = instruction;
  const remote = sources.filter((source) => isUrl(source) || parseGitUrl(source) !== null);
  if (checksum !== null && remote.some((source) => parseGitUrl(source) !== null))
    throw invalid('checksum can only be specified for HTTP(S) sources: a git source is pinned by its commit');
  if (checksum !== null && (remote.length !== 1 || sources.length !== 1))
    throw invalid('checksum can only be specified for a single remote source');
  for (const source of sources) {
    const repository = parseGitUrl(source);
    if (repository !== null) origins.push(await ofRepository(source, instruction, needs));
    else if (isUrl(source)) origins.push(await ofUrl(source, instruction, needs));
    else origins.push(...(await ofContext(source, instruction, needs)));
  }
  return origins;
}

function makeDirectory(needs: AddNeeds): string {
  const path = join(needs.directory, randomBytes(8).toString('hex'));
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
  return path;
}

const ofArchive = (path: string): Origin => ({
  tree: { kind: 'directory', path },
  sources: ['/'],
  owner: null,
  isArchive: true,
});

async function ofRepository(source: string, { keepGitDir }: Add, needs: AddNeeds): Promise<Origin> {
  const repository = parseGitUrl(source);
  if (repository === null) throw invalid(`${source} is no git repository`);
  const path = makeDirectory(needs);
  await cloneRepository({ ...repository, keepGitDirectory: keepGitDir === true }, path, needs.op);
  chmodSync(path, 0o755);
  return { tree: { kind: 'directory', path }, sources: ['/'], owner: root, isArchive: false };
}

async function ofUrl(source: string, { checksum, unpack }: Add, needs: AddNeeds): Promise<Origin> {
  const name = fileNameOf(source);
  const path = makeDirectory(needs);
  const file = join(path, name);
  const { modified } = await fetchFile(source, file, checksum, needs.op.signal);
  chmodSync(file, 0o600);
  if (modified !== null) utimesSync(file, modified, modified);
  if (unpack === true) {
    const into = makeDirectory(needs);
    await unpackFile(createReadStream(file), into, needs.op);
    return ofArchive(into);
  }
  return { tree: { kind: 'directory', path }, sources: [escaped(name)], owner: root, isArchive: false };
}

/** What is behind the last slash once the path is decoded (BuildKit: path.Base of the URL's path): a slash may be written as %2F. */
function fileNameOf(source: string): string {
  const name = pathOf(source).split('/').at(-1) ?? '';
  if (['', '.', '..'].includes(name) || name.includes('\0'))
    throw invalid(`cannot determine filename for source ${withoutSecrets(source)}`);
  return name;
}

function pathOf(source: string): string {
  try {
    return decodeURIComponent(new URL(source).pathname);
  } catch (error) {
    throw invalid(`invalid source ${withoutSecrets(source)}: ${messageOf(error)}`);
  }
}

/** A name in which nothing is a wildcard. */
export const escaped = (name: string): string => name.replace(/[*?[\\]/g, '\\$&');

/** Archives, told by their content, are unpacked; each other source stays what it is. */
async function ofContext(source: string, { unpack }: Add, needs: AddNeeds): Promise<Origin[]> {
  const tree = await needs.context();
  const plain: Origin = { tree, sources: [source], owner: root, isArchive: false };
  if (unpack === false || tree.kind !== 'directory') return [plain];
  const found = await findSources(tree, [source], { missing: notInContext, signal: needs.op.signal });
  const origins: Origin[] = [];
  for (const { path, entries } of found) {
    const into = entries[0]?.kind === 'file' ? await unpacked(tree.path, path, needs) : null;
    if (into === null) origins.push({ ...plain, sources: [escaped(textOf(path))] });
    else origins.push(ofArchive(into));
  }
  return origins;
}

/** null: it is no archive. */
async function unpacked(directory: string, path: string, needs: AddNeeds): Promise<string | null> {
  const { signal } = needs.op;
  if (!(await isArchive(contentOf(directory, path, signal)))) return null;
  const into = makeDirectory(needs);
  await unpackFile(contentOf(directory, path, signal), into, needs.op);
  return into;
}

const blockSize = 512;

async function isArchive(content: AsyncIterable<Uint8Array>): Promise<boolean> {
  let head: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of decompress(content)) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= blockSize) break;
    }
  } catch {
    // What only begins like something compressed is a file like any other.
    return false;
  }
  return isTarHeader(head);
}

async function unpackFile(
  content: AsyncIterable<Uint8Array>,
  directory: string,
  { signal }: Operational,
): Promise<void> {
  const { compression, chunks } = await decompressButGzip(content);
  await untar(chunks, directory, { whiteouts: 'none', compression, signal });
}
