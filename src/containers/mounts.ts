/** What gets mounted into a container, from every way to say it: --volumes-from, -v, --mount, VOLUME of the image. */

import { cleanPath } from '../lib/clean-path.ts';
import { invalid, messageOf } from '../lib/errors.ts';
import type { ContainerConfig, HostConfig, MountPoint } from './model.ts';
import { pointOfRequest } from './mount-request.ts';
import { parseTarget, parseVolumeSpec, parseVolumesFrom } from './volume-spec.ts';

/** A mount point whose volume or image view (when it has one) does not exist yet. Driver "": whichever has the volume. */
export interface PlannedMount extends MountPoint {
  /** Nothing of the image is copied into it. */
  noCopy: boolean;
  /** Those of another container exist and are left as they are. */
  origin: 'volumes-from' | 'bind' | 'mount' | 'config';
}

export interface MountSources {
  config: ContainerConfig;
  host: HostConfig;
  /** See CreateRequest. */
  readOnlyNonRecursive: boolean;
  /** Those of the container that --volumes-from names. */
  mountsOf: (container: string) => readonly MountPoint[];
  dataRoot: string;
}

/** Docker's precedence: volumes of other containers, then -v and --mount (which may not collide), then the image's. */
export function planMounts(sources: MountSources): PlannedMount[] {
  const { config, host } = sources;
  const points = new Map<string, PlannedMount>();
  for (const from of host.volumesFrom)
    for (const mount of volumesFrom(from, sources)) points.set(mount.destination, mount);
  const given = new Set<string>();
  const add = (mount: PlannedMount, shown = mount.destination) => {
    if (given.has(mount.destination)) throw invalid(`Duplicate mount point: ${shown}`);
    given.add(mount.destination);
    points.set(mount.destination, withDefaults(mount, sources));
  };
  const tmpfs = new Set(Object.keys(host.tmpfs).map(cleanPath));
  for (const bind of host.binds) {
    const mount = fromSpec(bind, host.volumeDriver);
    if (tmpfs.has(mount.destination)) throw invalid(`Duplicate mount point: ${mount.destination}`);
    add(mount);
  }
  for (const request of host.mounts)
    add(
      {
        ...pointOfRequest(request),
        noCopy: request.volume?.noCopy ?? false,
        origin: 'mount',
      },
      request.target,
    );
  for (const volume of config.volumes) {
    const target = volumeTarget(volume);
    if (!tmpfs.has(target) && !points.has(target)) points.set(target, anonymous(target, host.volumeDriver));
  }
  return [...points.values()];
}

/** What is shown of a source; "" = all. */
export const subpathOf = ({ request, subpath }: Pick<MountPoint, 'request' | 'subpath'>): string =>
  subpath || request?.volume?.subpath || request?.image?.subpath || '';

function withDefaults(mount: PlannedMount, { readOnlyNonRecursive, dataRoot }: MountSources): PlannedMount {
  if (mount.type !== 'bind') return mount;
  const readOnly = !mount.readWrite && readOnlyNonRecursive ? { readOnlyNonRecursive } : {};
  return { ...mount, ...readOnly, propagation: propagationAt(mount, dataRoot) };
}

/** A private copy of the mounts beneath the data root would keep them from ever being unmounted. */
function propagationAt({ source, propagation, mode, request }: PlannedMount, dataRoot: string): string {
  if (!source.startsWith(dataRoot) && !dataRoot.startsWith(source)) return propagation;
  const asked = request ? (request.bind?.propagation ?? '') : mode.includes(propagation) ? propagation : '';
  if (asked === '') return 'rslave';
  if (asked === 'rslave' || asked === 'rshared') return asked;
  throw invalid(
    `invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: ${JSON.stringify(dataRoot)}, bind mount source: ${JSON.stringify(source)}, propagation: ${JSON.stringify(asked)}`,
  );
}

function volumeTarget(volume: string): string {
  try {
    return parseTarget(volume);
  } catch (error) {
    throw invalid(`invalid volume specification: '${volume}': ${messageOf(error)}`);
  }
}

function anonymous(destination: string, driver: string): PlannedMount {
  return {
    type: 'volume',
    name: '',
    source: '',
    destination,
    driver,
    mode: '',
    readWrite: true,
    propagation: '',
    noCopy: false,
    origin: 'config',
  };
}

function volumesFrom(spec: string, { mountsOf }: MountSources): PlannedMount[] {
  const { container, readOnly } = parseVolumesFrom(spec);
  return mountsOf(container).map((mount) => ({
    ...mount,
    mode: '',
    readWrite: mount.readWrite && !readOnly,
    noCopy: true,
    origin: 'volumes-from',
  }));
}

function fromSpec(raw: string, volumeDriver: string): PlannedMount {
  const spec = parseVolumeSpec(raw);
  const bind = spec.type === 'bind';
  return {
    type: spec.type,
    name: bind ? '' : spec.source,
    source: bind ? spec.source : '',
    destination: spec.target,
    driver: bind ? '' : volumeDriver,
    mode: spec.mode,
    readWrite: !spec.readOnly,
    propagation: bind ? spec.propagation || 'rprivate' : '',
    ...(spec.owners && { owners: spec.owners }),
    noCopy: spec.noCopy,
    origin: 'bind',
  };
}
