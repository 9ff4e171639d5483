import { invalid } from '../lib/errors.ts';
import { parseTimestamp } from '../lib/timestamp.ts';

export interface PruneFilters {
  dangling: boolean;
  /** Milliseconds since the epoch; null = no limit. */
  until: number | null;
  matchesLabels: (labels: Readonly<Record<string, string>>) => boolean;
}

const known = ['dangling', 'label', 'label!', 'until'];

/** Docker's filters of `image prune`. `now` in milliseconds: durations count back from it. */
export function parsePruneFilters(
  filters: ReadonlyMap<string, readonly string[]>,
  now: number,
): PruneFilters {
  for (const name of filters.keys()) if (!known.includes(name)) throw invalid(`invalid filter '${name}'`);
  const labels = filters.get('label') ?? [];
  const without = filters.get('label!') ?? [];
  return {
    dangling: parseDangling(filters.get('dangling') ?? []),
    until: parseUntil(filters.get('until') ?? [], now),
    matchesLabels: (own) =>
      labels.every((label) => hasLabel(own, label)) && !without.some((label) => hasLabel(own, label)),
  };
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  if (equals < 0) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
}

function parseDangling(values: readonly string[]): boolean {
  if (values.length === 0) return true;
  if (values.length === 1 && (values[0] === 'true' || values[0] === '1')) return true;
  if (values.length === 1 && (values[0] === 'false' || values[0] === '0')) return false;
  throw invalid(`invalid filter 'dangling=[${values.join(' ')}]'`);
}

function parseUntil(values: readonly string[], now: number): number | null {
  const [value, ...others] = values;
  if (value === undefined) return null;
  if (others.length > 0) throw invalid('more than one until filter specified');
  const milliseconds = parseTimestamp(value, now);
  if (milliseconds === null) throw invalid(`invalid filter 'until=${value}'`);
  return milliseconds;
}
