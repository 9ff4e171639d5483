import { type CopyEnd, checkOutput, localDestination, localSource, planCopy } from '../archive/copy-plan.ts';
import { join, localPath, rebased, splitEntry } from '../archive/paths.ts';
import { type Command, exactly, type Invocation } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { ApiError, type Client, type Response } from '../http/client.ts';
import { CopyProgress } from '../stream/copy-progress.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeErr, writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tgantry cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  args: exactly(2),
  description: [
    'Copy files/folders between a container and the local filesystem',
    "\nUse '-' as the source to read a tar archive from stdin\nand extract it to a directory destination in a container.",
    "Use '-' as the destination to stream a tar archive of a\ncontainer source to stdout.",
  ].join('\n'),
  flags: [
    { name: 'archive', short: 'a', type: 'bool', usage: 'Archive mode (copy all uid/gid information)' },
    { name: 'follow-link', short: 'L', type: 'bool', usage: 'Always follow symbol link in SRC_PATH' },
    {
      name: 'quiet',
      short: 'q',
      type: 'bool',
      usage:
        'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
    },
  ],
  async run({ args: [source = '', destination = ''], flags, client }) {
    if (source === '') throw new ExitError('source can not be empty');
    if (destination === '') throw new ExitError('destination can not be empty');
    const [from, to] = [parseEnd(source), parseEnd(destination)];
    if (from.container !== '' && to.container !== '')
      throw new ExitError('copying between containers is not supported');
    const copy: Copy = {
      client,
      container: from.container || to.container,
      source: from.path,
      destination: to.path,
      flags,
    };
    if (from.container !== '') await copyOut(copy);
    else if (to.container !== '') await copyIn(copy);
    else throw new ExitError('must specify at least one container source');
    return exitCode.success;
  },
};

interface Copy extends Pick<Invocation, 'client' | 'flags'> {
  container: string;
  source: string;
  destination: string;
}

/** `./a:b` and `/a:b` are files of this machine. */
function parseEnd(text: string): { container: string; path: string } {
  const colon = text.indexOf(':');
  const container = text.slice(0, Math.max(colon, 0));
  if (text.startsWith('/') || colon < 0 || container.startsWith('.')) return { container: '', path: text };
  return { container, path: text.slice(colon + 1) };
}

/** Unless asked for, shown only on a terminal. */
function progressOf({ flags }: Copy, title: string): CopyProgress | null {
  const quiet = flags.changed('quiet') ? flags.bool('quiet') : !isTerminal(1);
  return quiet ? null : new CopyProgress(title);
}

// -- out of the container

async function copyOut(copy: Copy): Promise<void> {
  const { client, container, destination } = copy;
  const local = destination === '-' ? '-' : localPath(destination);
  if (local !== '-') checkOutput(local);
  const source = copy.flags.bool('follow-link')
    ? await followedSource(copy)
    : { path: copy.source, name: '' };
  const response = await client.request('GET', archivePath(container), { query: { path: source.path } });
  if (local === '-') {
    for await (const chunk of response.body) writeOut(chunk);
    return;
  }
  await report(progressOf(copy, 'Copying from container - '), local, response.body, (body) =>
    unpackInto(body, { ...source, exists: true, isDirectory: statusOf(response).isDirectory }, local),
  );
}

async function unpackInto(body: AsyncIterable<Uint8Array>, source: CopyEnd, local: string): Promise<void> {
  const { unpack } = await import('../archive/unpack.ts');
  const { directory, rename } = planCopy(source, localDestination(local));
  const kept = source.name === '' ? null : { from: splitEntry(source.path)[1], to: source.name };
  await unpack(body, directory, [kept, rename]);
}

/** The path that a link leads to, and the name that it had. */
async function followedSource({ client, container, source }: Copy): Promise<{ path: string; name: string }> {
  const status = await statContainer(client, container, source);
  if (!status?.isLink) return { path: source, name: '' };
  return rebased(source, targetOf(source, status));
}

// -- into the container

async function copyIn(copy: Copy): Promise<void> {
  const { client, container, flags } = copy;
  const destination = await containerDestination(copy);
  const query = { noOverwriteDirNonDir: 'true', copyUIDGID: flags.bool('archive') ? 'true' : undefined };
  const put = async (path: string, stream: AsyncIterable<Uint8Array>) => {
    const body = { stream, type: 'application/x-tar' };
    await client.call('PUT', archivePath(container), { query: { path, ...query }, body });
  };
  if (copy.source === '-') {
    if (!destination.isDirectory)
      throw new ExitError(`destination "${container}:${copy.destination}" must be a directory`);
    return report(
      progressOf(copy, 'Copying to container - '),
      `${container}:${destination.path}`,
      Bun.stdin.stream(),
      (body) => put(destination.path, body),
    );
  }
  const { pack } = await import('../archive/pack.ts');
  const source = localSource(localPath(copy.source), flags.bool('follow-link'));
  const { directory, rename } = planCopy(source, destination);
  const [parent, entry] = splitEntry(source.path);
  const archive = pack(join(parent, entry), rename?.to ?? (source.name || entry));
  await report(
    progressOf(copy, 'Copying to container - '),
    `${container}:${destination.path}`,
    archive,
    (body) => put(directory, body),
  );
}

/** A link is followed once: its target is what is copied to. */
async function containerDestination({ client, container, destination }: Copy): Promise<CopyEnd> {
  let path = destination;
  let status = await statContainer(client, container, path);
  if (status?.isLink) {
    path = targetOf(path, status);
    status = await statContainer(client, container, path);
  }
  if (status?.isDevice)
    throw new ExitError(
      `destination "${container}:${destination}" must be a directory or a regular file: got a device`,
    );
  return { path, exists: status !== null, isDirectory: status?.isDirectory ?? false, name: '' };
}

// -- both

/** Moves the bytes and says how many there were, also when that failed, as docker does. */
async function report(
  progress: CopyProgress | null,
  where: string,
  bytes: AsyncIterable<Uint8Array>,
  move: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  if (progress === null) return move(bytes);
  try {
    using _ = progress;
    await move(progress.count(bytes));
  } finally {
    writeErr(`Successfully copied ${progress.total} to ${where}\n`);
  }
}

const archivePath = (container: string) => `/containers/${container}/archive`;

interface PathStatus {
  isDirectory: boolean;
  isLink: boolean;
  isDevice: boolean;
  linkTarget: string;
}

/** Bits of Go's os.FileMode. */
const goMode = { directory: 2 ** 31, symlink: 2 ** 27, device: 2 ** 26 } as const;

function statusOf({ head }: Pick<Response, 'head'>): PathStatus {
  const header = head.headers.get('x-docker-container-path-stat') ?? '';
  const { mode = 0, linkTarget = '' } = JSON.parse(Buffer.from(header, 'base64').toString() || '{}');
  const has = (bit: number) => Math.floor(mode / bit) % 2 === 1;
  return {
    isDirectory: has(goMode.directory),
    isLink: has(goMode.symlink),
    isDevice: has(goMode.device),
    linkTarget,
  };
}

/** null when there is nothing that can be told of. */
async function statContainer(client: Client, container: string, path: string): Promise<PathStatus | null> {
  try {
    const response = await client.request('HEAD', archivePath(container), { query: { path } });
    for await (const _ of response.body);
    return statusOf(response);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

const targetOf = (path: string, { linkTarget }: PathStatus): string =>
  linkTarget.startsWith('/') ? linkTarget : join(splitEntry(path)[0], linkTarget);
