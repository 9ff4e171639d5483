/** Parses `-v` in Docker's forms: `target`, `source:target`, `source:target:mode`. Rules and texts of moby volume/mounts/linux_parser.go. */
import { posix } from 'node:path';
import { invalid, messageOf } from '../lib/errors.ts';

export interface VolumeSpec {
  type: 'bind' | 'volume';
  /** Host path or volume name; "" for an anonymous volume. */
  source: string;
  target: string;
  mode: string;
  readOnly: boolean;
  noCopy: boolean;
  propagation: string;
}

const modeKinds: readonly ReadonlySet<string>[] = [
  new Set(['ro', 'rw']),
  new Set(['z', 'Z']),
  new Set(['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']),
  new Set(['nocopy']),
  new Set(['default', 'consistent', 'cached', 'delegated']),
];

/** Each option once, and at most one of a kind. */
function isMode(mode: string): boolean {
  if (mode === '') return true;
  const seen = new Set<ReadonlySet<string>>();
  for (const option of mode.split(',')) {
    const kind = modeKinds.find((set) => set.has(option));
    if (kind === undefined || seen.has(kind)) return false;
    seen.add(kind);
  }
  return true;
}

export function propagationOf(mode: string): string {
  return mode.split(',').find((option) => /^r?(private|slave|shared)$/.test(option)) ?? '';
}

/** Clean and absolute, and not the root. */
export function parseTarget(target: string): string {
  if (!target.startsWith('/')) throw invalid(`invalid mount path: '${target}' mount path must be absolute`);
  const path = cleanPath(target);
  if (path === '/') throw invalid("invalid specification: destination can't be '/'");
  return path;
}

export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

export function parseVolumeSpec(raw: string): VolumeSpec {
  const refused = (cause = '') =>
    invalid(`invalid volume specification: '${raw}'${cause === '' ? '' : `: ${cause}`}`);
  const parts = raw.split(':');
  const [first = '', second, mode = ''] = parts;
  if (first === '' || parts.length > 3) throw refused();
  if (parts.length === 2 && isMode(second ?? '')) throw refused();
  if (!isMode(mode)) throw invalid(`invalid mode: ${mode}`);
  const source = second === undefined ? '' : first;
  try {
    const type = source.startsWith('/') ? 'bind' : 'volume';
    const propagation = propagationOf(mode);
    if (type === 'volume' && propagation !== '')
      throw invalid(`invalid mount config for type "volume": field BindOptions must not be specified`);
    if (type === 'bind' && mode.split(',').includes('nocopy'))
      throw invalid(`invalid mount config for type "bind": field VolumeOptions must not be specified`);
    return {
      type,
      source: type === 'bind' ? cleanPath(source) : source,
      target: targetOf(type, second ?? first),
      mode,
      readOnly: mode.split(',').includes('ro'),
      noCopy: mode.split(',').includes('nocopy'),
      propagation,
    };
  } catch (error) {
    throw refused(messageOf(error));
  }
}

function targetOf(type: string, target: string): string {
  if (target === '') throw invalid(`invalid mount config for type "${type}": field Target must not be empty`);
  try {
    return parseTarget(target);
  } catch (error) {
    throw invalid(`invalid mount config for type "${type}": ${messageOf(error)}`);
  }
}
