/** Mounts of local volumes on the host. */
import { lookup } from 'node:dns/promises';
import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import { internal, messageOf } from '../../lib/errors.ts';
import { errnoNumber, errnoText } from '../../linux/errno.ts';
import { MS } from '../../linux/flags.ts';
import { readMountinfo } from '../../linux/mountinfo.ts';
import { OperationFailed, runOperations } from '../../linux/native.ts';
import type { Operation } from '../../linux/operations.ts';
import { serverOf, type VolumeMount, withServer } from '../mount-options.ts';

export function isMounted(path: string): boolean {
  return readMountinfo().some(({ mountPoint }) => mountPoint === path);
}

/** Every mount at or below `directory`, innermost first. */
export function mountsIn(directory: string): string[] {
  return readMountinfo()
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => path.startsWith(`${directory}/`))
    .reverse();
}

/** Throws Docker's text of mount(2). */
export async function mountDevice(given: VolumeMount, path: string): Promise<void> {
  const mount = await resolveServer(given);
  try {
    await runOperations(mountOperations(mount, path));
  } catch (error) {
    throw internal(`failed to mount local volume: ${describe(mount, path)}: ${reason(error)}`, {
      cause: error,
    });
  }
}

async function resolveServer(mount: VolumeMount): Promise<VolumeMount> {
  const server = serverOf(mount);
  if (server === '' || isIP(server) !== 0) return mount;
  try {
    return withServer(mount, (await lookup(server)).address);
  } catch (error) {
    const text = `lookup ${server}: no such host`;
    throw internal(`error resolving passed in network volume address: ${text}`, { cause: error });
  }
}

/** As moby's mount package says it. */
function describe({ source, flags, data }: VolumeMount, path: string): string {
  const flagged = flags === 0 ? '' : `, flags: 0x${flags.toString(16)}`;
  return `mount ${source}:${path}${flagged}${data === '' ? '' : `, data: ${data}`}`;
}

function reason(error: unknown): string {
  const number = error instanceof OperationFailed ? errnoNumber(error.errno) : undefined;
  return number === undefined ? messageOf(error) : errnoText(number);
}

/** A bind mount takes MS_RDONLY and its like only when it is mounted a second time (mount(2)). */
function mountOperations(mount: VolumeMount, path: string): Operation[] {
  const side = 'host';
  if (isImage(mount)) return [{ op: 'mount-image', side, path, ...mount }];
  const operation = (flags: number): Operation => ({
    op: 'mount-root',
    side,
    path,
    cwd: '',
    ...mount,
    flags,
  });
  const restrictions = mount.flags & ~(MS.BIND | MS.REC);
  if ((mount.flags & MS.BIND) === 0 || restrictions === 0) return [operation(mount.flags)];
  return [operation(mount.flags), operation(restrictions | MS.BIND | MS.REMOUNT)];
}

/** A file that holds a file system. */
function isImage({ source, flags }: VolumeMount): boolean {
  if ((flags & MS.BIND) !== 0 || !source.startsWith('/')) return false;
  return statSync(source, { throwIfNoEntry: false })?.isFile() ?? false;
}
