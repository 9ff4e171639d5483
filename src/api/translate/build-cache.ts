/** The build cache in Docker's JSON. */
import type { CachePruning, CacheRecord } from '../../build/model.ts';
import { invalid, messageOf } from '../../lib/errors.ts';
import { parseFilters } from '../http/filters.ts';
import { booleanParameter, integerParameter } from '../http/query.ts';
import type { BuildCacheRecord } from '../types/builds.ts';

const types = { step: 'regular', mount: 'exec.cachemount', context: 'source.local' } as const;

const kindOf = (type: string): string => Object.entries(types).find(([, name]) => name === type)?.[0] ?? type;

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

export const cacheRecordJson = (record: CacheRecord): BuildCacheRecord => ({
  ID: record.id,
  Type: types[record.kind],
  Description: record.description,
  InUse: record.inUse,
  Shared: record.shared,
  Size: record.size,
  CreatedAt: time(record.created),
  LastUsedAt: record.used > 0 ? time(record.used) : null,
  UsageCount: record.uses,
});

/** The labels of `system prune`, which asks for everything with one set of filters. */
const labelKeys = ['label', 'label!'];
const filterKeys = [
  ...labelKeys,
  'until',
  'unused-for',
  'id',
  'parent',
  'type',
  'description',
  'inuse',
  'shared',
  'private',
];

export interface Space {
  /** Bytes of the whole cache. */
  total: number;
  /** Bytes that are free on its disk. */
  free: number;
}

/** What is asked for before anything is known of the disk. */
export interface PruneQuery extends Omit<CachePruning, 'keep'> {
  /** No record has labels: with such a filter nothing is meant. */
  nothing: boolean;
  reserved: number;
  most: number;
  leastFree: number;
}

export function parsePruneQuery(query: URLSearchParams): PruneQuery {
  const filters: Map<string, readonly string[]> = new Map(parseFilters(query.get('filters'), filterKeys));
  const type = filters.get('type');
  if (type !== undefined) filters.set('type', type.map(kindOf));
  const unused = filters.get('unused-for');
  if (unused !== undefined) {
    filters.delete('unused-for');
    filters.set('until', [...(filters.get('until') ?? []), ...unused]);
  }
  return {
    nothing: labelKeys.some((key) => filters.has(key)),
    all: booleanParameter(query, 'all'),
    filters,
    // Until 1.47 it had another name.
    reserved: bytesParameter(query, 'reserved-space') ?? bytesParameter(query, 'keep-storage') ?? 0,
    most: bytesParameter(query, 'max-used-space') ?? 0,
    leastFree: bytesParameter(query, 'min-free-space') ?? 0,
  };
}

function bytesParameter(query: URLSearchParams, name: string): number | null {
  try {
    return integerParameter(query, name);
  } catch (error) {
    throw invalid(`${name} is in bytes and expects an integer, got ${query.get(name)}: ${messageOf(error)}`);
  }
}

/** As BuildKit weighs them (cache/manager.go, calculateKeepBytes): what has to be freed for `leastFree` goes, but never what is reserved. */
export function keptBytes(
  { reserved, most, leastFree }: Pick<PruneQuery, 'reserved' | 'most' | 'leastFree'>,
  { total, free }: Space,
): number {
  if (most === 0 && leastFree === 0) return reserved;
  const cap = most === 0 ? total : most;
  const excess = Math.max(0, leastFree - free);
  return Math.max(0, reserved, Math.min(cap, total - excess));
}
