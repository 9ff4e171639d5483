/** Binds, volumes, images and tmpfs that the user asked for, as mounts of the spec. */

import { cleanPath } from '../lib/clean-path.ts';
import { invalid } from '../lib/errors.ts';
import type { IdMap } from '../lib/id-map.ts';
import type { Mount } from '../oci/runtime.ts';
import type { Container, MountPoint, MountRequest } from './model.ts';
import { subpathOf } from './mounts.ts';
import type { SpecFacts } from './spec.ts';

/** The user's options over noexec,nosuid,nodev; the last of a pair of opposites wins (planContainer applies them in order). */
function tmpfsMount(destination: string, options: readonly string[]): Mount {
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['noexec', 'nosuid', 'nodev', ...options.filter((option) => option !== '')],
  };
}

function requestedTmpfs({ request, readWrite }: MountPoint): string[] {
  const { sizeBytes = 0, mode = 0, options = [] } = request?.tmpfs ?? {};
  return [
    ...(readWrite ? [] : ['ro']),
    ...(mode > 0 ? [`mode=${mode.toString(8)}`] : []),
    ...(sizeBytes > 0 ? [`size=${sizeBytes}`] : []),
    ...options.map((words) => words.join('=')),
  ];
}

function readOnlyOption(point: MountPoint, facts: SpecFacts): 'ro' | 'rro' {
  const bind: Partial<NonNullable<MountRequest['bind']>> = point.request?.bind ?? {};
  if (bind.readOnlyNonRecursive || point.readOnlyNonRecursive) {
    if (bind.readOnlyForceRecursive)
      throw invalid(
        'mount options conflict: !m.Writable && m.ReadOnlyNonRecursive && m.ReadOnlyForceRecursive',
      );
    return 'ro';
  }
  if (bind.readOnlyForceRecursive && !facts.recursiveReadOnly)
    throw invalid(`rro is not supported: kernel version ${facts.kernelVersion} is older than 5.12`);
  return facts.recursiveReadOnly ? 'rro' : 'ro';
}

function idMapOf(idMap: IdMap | null, user: string, facts: SpecFacts): Partial<Mount> {
  if (idMap === null) return {};
  if (!facts.idMappedMounts)
    throw invalid(`idmap: kernel version ${facts.kernelVersion} has no id-mapped mounts (5.12 is needed)`);
  if (idMap === 'owner') return { owner: user || '0' };
  const mappings = (ranges: typeof idMap.uids) =>
    ranges.map(({ from, to, count }) => ({ containerID: from, hostID: to, size: count }));
  return { uidMappings: mappings(idMap.uids), gidMappings: mappings(idMap.gids) };
}

function bindMount(point: MountPoint, user: string, facts: SpecFacts): Mount {
  const options = [
    point.request?.bind?.nonRecursive ? 'bind' : 'rbind',
    point.propagation || 'rprivate',
    ...(point.readWrite ? [] : [readOnlyOption(point, facts)]),
  ];
  const subpath = subpathOf(point);
  return {
    destination: point.destination,
    type: 'bind',
    source: point.source,
    options,
    ...(subpath === '' ? {} : { subpath }),
    ...idMapOf(point.owners?.idMap ?? null, user, facts),
  };
}

/** Where --tmpfs and another mount meet, the tmpfs it is, as in Docker. */
export function userMounts({ mounts, config, hostConfig }: Container, facts: SpecFacts): Mount[] {
  const tmpfs = Object.entries(hostConfig.tmpfs).map(([destination, options]) =>
    tmpfsMount(destination, options.split(',')),
  );
  const covered = new Set(tmpfs.map(({ destination }) => cleanPath(destination)));
  const points = mounts
    .filter(({ destination }) => !covered.has(destination))
    .map((point) =>
      point.type === 'tmpfs'
        ? tmpfsMount(point.destination, requestedTmpfs(point))
        : bindMount(point, config.user, facts),
    );
  return [...points, ...tmpfs];
}
