/** What gets mounted into a container, from every way to say it: --volumes-from, -v, --mount, VOLUME of the image. */
import { mkdirSync, statSync } from 'node:fs';
import { invalid, messageOf } from '../lib/errors.ts';
import type { ContainerConfig, HostConfig, MountPoint, MountRequest } from './model.ts';
import { cleanPath, parseTarget, parseVolumeSpec, propagationOf } from './volume-spec.ts';

/** A mount point whose volume (when it is one) does not exist yet; `noCopy`: nothing of the image is copied into it. */
export interface PlannedMount extends MountPoint {
  noCopy: boolean;
  /** From another container: the volume exists and is not copied into. */
  inherited: boolean;
}

const planned = (mount: MountPoint, noCopy: boolean, inherited = false): PlannedMount => ({
  ...mount,
  noCopy,
  inherited,
});

/** Docker's precedence: volumes of other containers, then -v and --mount (which may not collide), then the image's. */
export function planMounts(
  config: ContainerConfig,
  host: HostConfig,
  mountsOf: (container: string) => MountPoint[],
): PlannedMount[] {
  const points = new Map<string, PlannedMount>();
  for (const from of host.volumesFrom)
    for (const mount of volumesFrom(from, mountsOf)) points.set(mount.destination, mount);
  const given = new Set<string>(Object.keys(host.tmpfs).map(cleanPath));
  const add = (mount: PlannedMount) => {
    if (given.has(mount.destination)) throw invalid(`Duplicate mount point: ${mount.destination}`);
    given.add(mount.destination);
    points.set(mount.destination, mount);
  };
  for (const bind of host.binds) add(fromSpec(bind, host.volumeDriver));
  for (const mount of host.mounts) add(fromRequest(mount));
  for (const volume of config.volumes) {
    const target = volumeTarget(volume);
    if (!given.has(target) && !points.has(target)) points.set(target, anonymous(target, host.volumeDriver));
  }
  return [...points.values()];
}

function volumeTarget(volume: string): string {
  try {
    return parseTarget(volume);
  } catch (error) {
    throw invalid(`invalid volume specification: '${volume}': ${messageOf(error)}`);
  }
}

function anonymous(destination: string, driver: string): PlannedMount {
  return planned(
    {
      type: 'volume',
      name: '',
      source: '',
      destination,
      driver: driver || 'local',
      mode: '',
      readWrite: true,
      propagation: '',
    },
    false,
  );
}

function volumesFrom(spec: string, mountsOf: (container: string) => MountPoint[]): PlannedMount[] {
  const [container = '', mode = 'rw', ...rest] = spec.split(':');
  if (container === '' || rest.length > 0) throw invalid(`invalid volumes-from specification: '${spec}'`);
  if (!['rw', 'ro', 'z', 'Z', ''].includes(mode)) throw invalid(`invalid mode: ${mode}`);
  return mountsOf(container).map((mount) =>
    planned({ ...mount, mode, readWrite: mount.readWrite && mode !== 'ro' }, true, true),
  );
}

function fromSpec(raw: string, volumeDriver: string): PlannedMount {
  const spec = parseVolumeSpec(raw);
  const bind = spec.type === 'bind';
  return planned(
    {
      type: spec.type,
      name: bind ? '' : spec.source,
      source: bind ? spec.source : '',
      destination: spec.target,
      driver: bind ? '' : volumeDriver || 'local',
      mode: spec.mode || (bind || spec.source === '' ? '' : 'z'),
      readWrite: !spec.readOnly,
      propagation: bind ? spec.propagation || 'rprivate' : '',
    },
    spec.noCopy,
  );
}

function fromRequest(request: MountRequest): PlannedMount {
  const refuse = (text: string) => invalid(`invalid mount config for type "${request.type}": ${text}`);
  if (request.target === '') throw refuse('field Target must not be empty');
  let destination: string;
  try {
    destination = parseTarget(request.target);
  } catch (error) {
    throw refuse(messageOf(error));
  }
  const common = { destination, mode: '', readWrite: !request.readOnly, propagation: '', request };
  switch (request.type) {
    case 'bind': {
      const source = checkBindSource(request, refuse);
      const propagation = propagationOf(request.bind?.propagation ?? '') || 'rprivate';
      return planned({ ...common, type: 'bind', name: '', source, driver: '', propagation }, true);
    }
    case 'volume':
      if (request.source === '' && request.readOnly)
        throw refuse('must not set ReadOnly mode when using anonymous volumes');
      return planned(
        {
          ...common,
          type: 'volume',
          name: request.source,
          source: '',
          driver: request.volume?.driver || 'local',
          mode: request.source === '' ? '' : 'z',
        },
        request.volume?.noCopy ?? false,
      );
    case 'tmpfs':
      if (request.source !== '') throw refuse('field Source must not be specified');
      return planned({ ...common, type: 'tmpfs', name: '', source: '', driver: '' }, true);
    case 'image':
      throw refuse('mounts of this type are not supported yet');
    default:
      throw refuse('mount type unknown');
  }
}

function checkBindSource(request: MountRequest, refuse: (text: string) => Error): string {
  if (request.source === '') throw refuse('field Source must not be empty');
  if (!request.source.startsWith('/'))
    throw refuse(`invalid mount path: '${request.source}' mount path must be absolute`);
  const source = cleanPath(request.source);
  if (request.bind?.createMountpoint) return source;
  if (statSync(source, { throwIfNoEntry: false }) === undefined)
    throw refuse(`bind source path does not exist: ${source}`);
  return source;
}

/** Before each start: a missing source of -v becomes a directory, as Docker does; one of --mount is an error. */
export function ensureBindSources(mounts: readonly MountPoint[]): void {
  for (const mount of mounts) {
    if (mount.type !== 'bind' || statSync(mount.source, { throwIfNoEntry: false }) !== undefined) continue;
    if (mount.request !== undefined && !mount.request.bind?.createMountpoint)
      throw invalid(`invalid mount config for type "bind": bind source path does not exist: ${mount.source}`);
    mkdirSync(mount.source, { recursive: true, mode: 0o755 });
  }
}
