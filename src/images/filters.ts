import { invalid } from '../lib/errors.ts';

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

const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A Go duration counted back from `now`, Unix seconds, or a date in Docker's forms. */
export function parseTimestamp(text: string, now: number): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) {
    let total = 0;
    for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
      total += Number(amount) * (units[unit ?? ''] ?? 0);
    return now - total;
  }
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text)) return null;
  // Hours alone are not a time for Date; without a zone it is local time, as Docker takes it.
  const time = Date.parse(
    text.replace(/T(\d{2})(?=$|Z|[+-])/, 'T$1:00').replace(/^(\d{4}-\d{2}-\d{2})$/, '$1T00:00'),
  );
  return Number.isNaN(time) ? null : time;
}
