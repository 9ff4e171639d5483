/** Which volumes `volume prune` may take. Pure. */
import { invalid } from '../lib/errors.ts';
import type { Volume } from './model.ts';

export type Filters = ReadonlyMap<string, readonly string[]>;

const known = new Set(['label', 'label!', 'all']);

function hasLabel(volume: Volume, filter: string): boolean {
  const at = filter.indexOf('=');
  const key = at < 0 ? filter : filter.slice(0, at);
  return key in volume.labels && (at < 0 || volume.labels[key] === filter.slice(at + 1));
}

/** Go's strconv.ParseBool. */
function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw invalid(`invalid filter 'all=[${text}]'`);
}

/** Anonymous volumes only, unless `all`; every `label` must be there and no `label!` may be. */
export function prunable(filters: Filters): (volume: Volume) => boolean {
  for (const name of filters.keys()) if (!known.has(name)) throw invalid(`invalid filter '${name}'`);
  const all = (filters.get('all') ?? []).some(parseBool);
  const wanted = filters.get('label') ?? [];
  const unwanted = filters.get('label!') ?? [];
  return (volume) =>
    (all || volume.anonymous) &&
    wanted.every((label) => hasLabel(volume, label)) &&
    !unwanted.some((label) => hasLabel(volume, label));
}
