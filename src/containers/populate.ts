/** A volume's first use: it gets what the image has at its place, and owner and mode that were asked for. */
import { mkdirSync, rmSync } from 'node:fs';
import { internal } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import { CLONE, MS } from '../linux/flags.ts';
import { OperationFailed, runOperations } from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import { rootOperations } from '../linux/root-mount.ts';
import { subpathDetail, subpathError } from '../runtime/subpath.ts';
import type { Context } from './context.ts';
import { noOwnership } from './mount-owners.ts';
import { type PlannedMount, subpathOf } from './mounts.ts';

/** Which directories are being filled: a second container waits, and then finds one that is not empty. */
const filling = new Map<string, Promise<void>>();

export interface Filling {
  id: ContainerId;
  mount: PlannedMount;
  /** Where the volume's files are. */
  path: string;
}

export async function populate(
  context: Pick<Context, 'snapshotter' | 'paths'>,
  what: Filling,
): Promise<void> {
  const before = filling.get(what.path);
  const work = (before ?? Promise.resolve()).then(() => fill(context, what));
  const settled = work.catch(() => undefined);
  filling.set(what.path, settled);
  try {
    await work;
  } finally {
    if (filling.get(what.path) === settled) filling.delete(what.path);
  }
}

/** In a mount namespace of its own: the container's root is seen by nobody else, and unmounts itself. */
async function fill(
  { snapshotter, paths }: Pick<Context, 'snapshotter' | 'paths'>,
  { id, mount, path }: Filling,
): Promise<void> {
  const { rootfs, run } = paths.of(id);
  mkdirSync(rootfs, { recursive: true, mode: 0o711 });
  const root = rootOperations(snapshotter.mounts(id), rootfs, 'host');
  try {
    await runOperations([
      ...root.server,
      { op: 'unshare', side: 'host', flags: CLONE.NEWNS },
      { op: 'propagation', side: 'host', path: '/', flags: MS.REC | MS.PRIVATE },
      root.mount,
      { op: 'root', side: 'host', path: rootfs },
      populateOperation(mount, path),
    ]);
  } catch (error) {
    throw error instanceof OperationFailed ? failure(error, mount, path) : error;
  } finally {
    rmSync(run, { recursive: true, force: true });
  }
}

/** chown(2): leaves it as it is. */
const unchanged = 2 ** 32 - 1;

function populateOperation(mount: PlannedMount, path: string): Operation {
  const { uid, gid, mode } = mount.owners?.fresh ?? noOwnership;
  return {
    op: 'populate',
    side: 'host',
    target: mount.destination,
    path,
    subpath: subpathOf(mount),
    copy: !mount.noCopy,
    uid: uid ?? unchanged,
    gid: gid ?? unchanged,
    mode: mode ?? unchanged,
  };
}

function failure(error: OperationFailed, mount: PlannedMount, path: string): Error {
  const { detail, operation, errno } = error;
  if (operation?.op !== 'populate') return error;
  if (detail === subpathDetail) return subpathError(path, subpathOf(mount), errno);
  if (detail.startsWith('cannot mount volume')) return internal(detail);
  return internal(`failed to populate volume: ${error.message}`);
}
