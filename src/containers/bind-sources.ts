/** The host's side of binds, before each start. */
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { internal, invalid } from '../lib/errors.ts';
import { errnoOf, errnoText, isErrno } from '../linux/errno.ts';
import type { MountPoint } from './model.ts';

/** A missing source of -v becomes a directory, as Docker does; one of --mount is an error unless it asks for that. */
export function ensureBindSources(mounts: readonly MountPoint[]): void {
  for (const mount of mounts)
    if (mount.type === 'bind' && statSync(mount.source, { throwIfNoEntry: false }) === undefined)
      makeSource(mount);
}

function makeSource({ source, request, owners }: MountPoint): void {
  if (request !== undefined && !request.bind?.createMountpoint)
    throw invalid(`invalid mount config for type "bind": bind source path does not exist: ${source}`);
  try {
    mkdirSync(source, { recursive: true, mode: 0o755 });
  } catch (error) {
    // A file is in the way: mounting will tell.
    if (isErrno(error, 'ENOTDIR', 'EEXIST')) return;
    throw internal(
      `error while creating mount source path '${source}': mkdir ${source}: ${errnoText(errnoOf(error))}`,
    );
  }
  if (owners === undefined) return;
  const { uid, gid, mode } = owners.fresh;
  if (uid !== null || gid !== null) chownSync(source, uid ?? -1, gid ?? -1);
  if (mode !== null) chmodSync(source, mode);
}
