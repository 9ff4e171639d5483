/** `HostConfig.Mounts`: Docker's Mount, with what gantry adds to it, from JSON and back. */
import type { MountRequest, Owners } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { IdMap, IdRange } from '../../lib/id-map.ts';
import type { IdMapping, Mount, OwnerOptions } from '../types/host-config.ts';
import type { Fields } from './fields.ts';
import { present } from './present.ts';

export function parseMount(mount: Fields, version: number): MountRequest {
  const type = mount.text('Type') as MountRequest['type'];
  checkVersion(mount, version);
  // Options of another kind of mount were not refused before 1.42.
  const options = (kind: string, name: string) =>
    version >= 42 || type === kind ? mount.object(name) : null;
  const bind = options('bind', 'BindOptions');
  const volume = options('volume', 'VolumeOptions');
  const tmpfs = options('tmpfs', 'TmpfsOptions');
  const image = mount.object('ImageOptions');
  return {
    type,
    source: mount.text('Source'),
    target: mount.text('Target'),
    readOnly: mount.boolean('ReadOnly'),
    consistency: mount.text('Consistency'),
    ...(bind && { bind: parseBind(bind, version) }),
    ...(volume && { volume: parseVolume(volume) }),
    ...(tmpfs && { tmpfs: parseTmpfs(tmpfs) }),
    ...(image && { image: { subpath: image.text('Subpath') } }),
  };
}

function checkVersion(mount: Fields, version: number): void {
  const since = (minor: number, used: boolean, what: string) => {
    if (used && version < minor) throw invalid(`${what} needs API v1.${minor} or newer`);
  };
  const bind = mount.object('BindOptions');
  const image = mount.text('Type') === 'image' || mount.has('ImageOptions');
  since(44, bind?.boolean('ReadOnlyForceRecursive') === true, 'BindOptions.ReadOnlyForceRecursive');
  since(45, (mount.object('VolumeOptions')?.text('Subpath') ?? '') !== '', 'VolumeOptions.Subpath');
  since(46, mount.object('TmpfsOptions')?.has('Options') === true, 'TmpfsOptions.Options');
  since(48, image, 'Image mounts');
}

function parseBind(bind: Fields, version: number): MountRequest['bind'] {
  return {
    propagation: bind.text('Propagation'),
    nonRecursive: version >= 40 && bind.boolean('NonRecursive'),
    createMountpoint: version >= 42 && bind.boolean('CreateMountpoint'),
    readOnlyNonRecursive: version >= 44 && bind.boolean('ReadOnlyNonRecursive'),
    readOnlyForceRecursive: bind.boolean('ReadOnlyForceRecursive'),
    owners: parseOwners(bind),
  };
}

function parseVolume(volume: Fields): MountRequest['volume'] {
  return {
    noCopy: volume.boolean('NoCopy'),
    labels: volume.textMap('Labels'),
    driver: volume.object('DriverConfig')?.text('Name') ?? '',
    options: volume.object('DriverConfig')?.textMap('Options') ?? {},
    subpath: volume.text('Subpath'),
    owners: parseOwners(volume),
  };
}

function parseTmpfs(tmpfs: Fields): MountRequest['tmpfs'] {
  return {
    sizeBytes: tmpfs.integer('SizeBytes'),
    mode: tmpfs.integer('Mode'),
    options: tmpfs.items('Options').map((option) => (Array.isArray(option) ? option.map(String) : [])),
  };
}

function parseOwners(options: Fields): Owners {
  return {
    fresh: {
      uid: options.integerOrNull('UID'),
      gid: options.integerOrNull('GID'),
      mode: options.integerOrNull('Mode'),
    },
    idMap: parseIdMap(options.object('IDMap')),
  };
}

/** One kind that is not named is mapped like the other one. */
function parseIdMap(map: Fields | null): IdMap | null {
  if (map === null) return null;
  const ranges = (name: string): IdRange[] =>
    map.list(name, (range) => ({
      from: range.integer('From'),
      to: range.integer('To'),
      count: range.integer('Count'),
    }));
  const [uids, gids] = [ranges('UIDs'), ranges('GIDs')];
  if (uids.length === 0 && gids.length === 0) return 'owner';
  return { uids: uids.length > 0 ? uids : gids, gids: gids.length > 0 ? gids : uids };
}

export function mountJson({ bind, volume, tmpfs, image, ...mount }: MountRequest): Mount {
  return {
    Type: mount.type,
    ...(mount.source && { Source: mount.source }),
    Target: mount.target,
    ...present({ ReadOnly: mount.readOnly, Consistency: mount.consistency }),
    ...(bind && {
      BindOptions: {
        ...present({
          Propagation: bind.propagation,
          NonRecursive: bind.nonRecursive,
          CreateMountpoint: bind.createMountpoint,
          ReadOnlyNonRecursive: bind.readOnlyNonRecursive,
          ReadOnlyForceRecursive: bind.readOnlyForceRecursive,
        }),
        ...ownersJson(bind.owners),
      },
    }),
    ...(volume && {
      VolumeOptions: {
        ...present({
          NoCopy: volume.noCopy,
          Labels: volume.labels,
          DriverConfig: present({ Name: volume.driver, Options: volume.options }),
          Subpath: volume.subpath,
        }),
        ...ownersJson(volume.owners),
      },
    }),
    ...(tmpfs && {
      TmpfsOptions: present({ SizeBytes: tmpfs.sizeBytes, Mode: tmpfs.mode, Options: tmpfs.options }),
    }),
    ...(image && { ImageOptions: present({ Subpath: image.subpath }) }),
  };
}

/** Records of an earlier gantry have no owners. */
function ownersJson(owners: Owners | undefined): OwnerOptions {
  if (owners === undefined) return {};
  const { fresh, idMap } = owners;
  return {
    ...(fresh.uid !== null && { UID: fresh.uid }),
    ...(fresh.gid !== null && { GID: fresh.gid }),
    ...(fresh.mode !== null && { Mode: fresh.mode }),
    ...(idMap !== null && { IDMap: idMapJson(idMap) }),
  };
}

function idMapJson(map: IdMap): IdMapping {
  if (map === 'owner') return {};
  const ranges = (list: readonly IdRange[]) =>
    list.map(({ from, to, count }) => ({ From: from, To: to, Count: count }));
  return { UIDs: ranges(map.uids), GIDs: ranges(map.gids) };
}
