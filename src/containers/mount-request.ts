/** One `--mount` as a mount of the container. Rules and texts of moby volume/mounts/linux_parser.go. */
import { statSync } from 'node:fs';
import { cleanPath } from '../lib/clean-path.ts';
import { invalid, messageOf } from '../lib/errors.ts';
import { isErrno } from '../linux/errno.ts';
import type { MountPoint, MountRequest, MountType } from './model.ts';
import { changesNothing, checkOwners } from './mount-owners.ts';
import { isPropagation, parseTarget } from './volume-spec.ts';

type Refuse = (text: string) => Error;
type Point = Omit<MountPoint, 'destination' | 'mode' | 'readWrite' | 'request'>;

/** Docker's fields that only one kind of mount has. */
const optionFields: Record<MountType, string> = {
  bind: 'BindOptions',
  volume: 'VolumeOptions',
  image: 'ImageOptions',
  tmpfs: 'TmpfsOptions',
};
const fieldOrder = ['bind', 'volume', 'image', 'tmpfs'] as const;

export function pointOfRequest(request: MountRequest): MountPoint {
  const refuse: Refuse = (text) => invalid(`invalid mount config for type "${request.type}": ${text}`);
  const destination = destinationOf(request, refuse);
  // What the JSON says is not checked before.
  if (!(request.type in optionFields)) throw refuse('mount type unknown');
  for (const kind of fieldOrder)
    if (kind !== request.type && request[kind] !== undefined)
      throw refuse(`field ${optionFields[kind]} must not be specified`);
  const point = makers[request.type](request, refuse);
  return { ...point, destination, mode: '', readWrite: isWritable(request), request };
}

function destinationOf({ target }: MountRequest, refuse: Refuse): string {
  if (target === '') throw refuse('field Target must not be empty');
  try {
    return parseTarget(target);
  } catch (error) {
    throw refuse(messageOf(error));
  }
}

const isWritable = ({ type, readOnly }: MountRequest) => !readOnly && type !== 'image';

const makers: Record<MountType, (request: MountRequest, refuse: Refuse) => Point> = {
  bind: bindPoint,
  volume: volumePoint,
  image: imagePoint,
  tmpfs: (request, refuse) => {
    if (request.source !== '') throw refuse('field Source must not be specified');
    checkTmpfsOptions(request, refuse);
    return { type: 'tmpfs', name: '', source: '', driver: '', propagation: '' };
  },
};

function bindPoint(request: MountRequest, refuse: Refuse): Point {
  const { propagation = '', createMountpoint = false, owners } = request.bind ?? {};
  if (request.source === '') throw refuse('field Source must not be empty');
  if (propagation !== '' && !isPropagation(propagation))
    throw refuse(`invalid propagation mode: ${propagation}`);
  if (!request.source.startsWith('/'))
    throw refuse(`invalid mount path: '${request.source}' mount path must be absolute`);
  const source = cleanPath(request.source);
  if (!createMountpoint && !exists(source, refuse))
    throw refuse(`bind source path does not exist: ${source}`);
  if (owners && !createMountpoint && !changesNothing({ ...owners, idMap: null }))
    throw refuse('UID, GID and Mode are those of a directory that is made: they need CreateMountpoint');
  return {
    type: 'bind',
    name: '',
    source,
    driver: '',
    propagation: propagation || 'rprivate',
    ...withOwners(request, refuse),
  };
}

function exists(path: string, refuse: Refuse): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // A file on the way, or links that lead to each other.
    if (isErrno(error, 'ENOTDIR', 'ELOOP')) return false;
    throw refuse(messageOf(error));
  }
}

function volumePoint(request: MountRequest, refuse: Refuse): Point {
  const { subpath = '', driver = '' } = request.volume ?? {};
  const anonymous = request.source === '';
  if (subpath !== '') {
    if (anonymous) throw refuse('must not set Subpath when using anonymous volumes');
    checkSubpath(subpath, refuse);
  }
  if (anonymous && request.readOnly) throw refuse('must not set ReadOnly mode when using anonymous volumes');
  return {
    type: 'volume',
    name: request.source,
    source: '',
    driver,
    propagation: '',
    ...withOwners(request, refuse),
  };
}

function imagePoint(request: MountRequest, refuse: Refuse): Point {
  const { subpath = '' } = request.image ?? {};
  if (request.source === '') throw refuse('field Source must not be empty');
  if (subpath !== '') checkSubpath(subpath, refuse);
  return { type: 'image', name: request.source, source: '', driver: '', propagation: 'rprivate' };
}

/** Go's filepath.IsLocal: it can be told from its text alone that it stays beneath. */
function checkSubpath(subpath: string, refuse: Refuse): void {
  const clean = cleanPath(subpath);
  if (clean.startsWith('/') || clean === '..' || clean.startsWith('../'))
    throw refuse('subpath must be a relative path within the volume');
}

function checkTmpfsOptions({ tmpfs }: MountRequest, refuse: Refuse): void {
  for (const option of tmpfs?.options ?? []) {
    if (option.length < 1 || option.length > 2) throw refuse('invalid option array length');
    const [name = ''] = option;
    if (name !== 'exec' && name !== 'noexec') throw refuse(`invalid option: ${name}`);
  }
}

function withOwners({ bind, volume }: MountRequest, refuse: Refuse): Pick<MountPoint, 'owners'> {
  const owners = bind?.owners ?? volume?.owners;
  if (owners === undefined || changesNothing(owners)) return {};
  try {
    checkOwners(owners);
  } catch (error) {
    throw refuse(messageOf(error));
  }
  return { owners };
}
