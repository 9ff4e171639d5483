/** Parses `-v` in Docker's forms: `target`, `source:target`, `source:target:mode`. Rules and texts of moby volume/mounts/linux_parser.go. */
import { cleanPath } from '../lib/clean-path.ts';
import { invalid, messageOf } from '../lib/errors.ts';
import type { Owners } from './model.ts';
import { isOwnerOption, parseOwners } from './mount-owners.ts';

export interface VolumeSpec {
  type: 'bind' | 'volume';
  /** Host path or volume name; "" for an anonymous volume. */
  source: string;
  target: string;
  mode: string;
  readOnly: boolean;
  noCopy: boolean;
  propagation: string;
  owners: Owners | null;
}

const accessModes: ReadonlySet<string> = new Set(['ro', 'rw']);
const labelModes: ReadonlySet<string> = new Set(['z', 'Z']);
const propagationModes: ReadonlySet<string> = new Set([
  'private',
  'rprivate',
  'slave',
  'rslave',
  'shared',
  'rshared',
]);
const copyModes: ReadonlySet<string> = new Set(['nocopy']);
const consistencyModes: ReadonlySet<string> = new Set(['consistent', 'cached', 'delegated']);

const kinds = [accessModes, labelModes, propagationModes, copyModes, consistencyModes];
/** What of a mount is inherited (--volumes-from) keeps its propagation and is never copied into. */
const inheritedKinds = [accessModes, labelModes, consistencyModes];

/** At most one option of each kind. */
function isMode(mode: string, allowed: readonly ReadonlySet<string>[]): boolean {
  if (mode === '') return true;
  const options = mode.split(',');
  const found = options.map((option) => allowed.find((kind) => kind.has(option)));
  return found.every((kind) => kind !== undefined) && new Set(found).size === options.length;
}

/** Docker's options of a mode, and those that are only ours. */
function splitMode(mode: string): { known: string; ours: string[] } {
  const options = mode.split(',');
  return {
    known: options.filter((option) => !isOwnerOption(option)).join(','),
    ours: options.filter(isOwnerOption),
  };
}

const isVolumeMode = (mode: string) => isMode(splitMode(mode).known, kinds);

export function propagationOf(mode: string): string {
  return mode.split(',').find((option) => propagationModes.has(option)) ?? '';
}

export const isPropagation = (name: string) => propagationModes.has(name);

/** Clean and absolute, and not the root. */
export function parseTarget(target: string): string {
  if (!target.startsWith('/')) throw invalid(`invalid mount path: '${target}' mount path must be absolute`);
  const path = cleanPath(target);
  if (path === '/') throw invalid("invalid specification: destination can't be '/'");
  return path;
}

export function parseVolumeSpec(raw: string): VolumeSpec {
  const refused = (cause = '') =>
    invalid(`invalid volume specification: '${raw}'${cause === '' ? '' : `: ${cause}`}`);
  const parts = raw.split(':');
  const [first = '', second, mode = ''] = parts;
  if (first === '' || parts.length > 3) throw refused();
  if (parts.length === 2 && isVolumeMode(second ?? '')) throw refused();
  if (!isVolumeMode(mode)) throw invalid(`invalid mode: ${mode}`);
  const source = second === undefined ? '' : first;
  try {
    return specOf(source, second ?? first, mode);
  } catch (error) {
    throw refused(messageOf(error));
  }
}

function specOf(source: string, target: string, mode: string): VolumeSpec {
  const type = source.startsWith('/') ? 'bind' : 'volume';
  const options = mode.split(',');
  const propagation = propagationOf(mode);
  const extra = (field: string) =>
    invalid(`invalid mount config for type "${type}": field ${field} must not be specified`);
  const { ours } = splitMode(mode);
  const spec = {
    type,
    source: type === 'bind' ? cleanPath(source) : source,
    target: targetOf(type, target),
    mode,
    readOnly: options.includes('ro'),
    noCopy: options.includes('nocopy'),
    propagation,
    owners: ours.length > 0 ? parseOwners(ours) : null,
  } as const;
  if (type === 'volume' && propagation !== '') throw extra('BindOptions');
  if (type === 'bind' && spec.noCopy) throw extra('VolumeOptions');
  return spec;
}

function targetOf(type: string, target: string): string {
  if (target === '') throw invalid(`invalid mount config for type "${type}": field Target must not be empty`);
  try {
    return parseTarget(target);
  } catch (error) {
    throw invalid(`invalid mount config for type "${type}": ${messageOf(error)}`);
  }
}

/** `--volumes-from`: a container, and how its mounts are taken over. */
export function parseVolumesFrom(spec: string): { container: string; readOnly: boolean } {
  if (spec === '') throw invalid('volumes-from specification cannot be an empty string');
  const colon = spec.indexOf(':');
  const mode = colon < 0 ? '' : spec.slice(colon + 1);
  if (!isMode(mode, inheritedKinds)) throw invalid(`invalid mode: ${mode}`);
  return {
    container: colon < 0 ? spec : spec.slice(0, colon),
    readOnly: mode.split(',').includes('ro'),
  };
}
