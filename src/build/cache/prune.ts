/** `builder prune`. */
import { invalid } from '../../lib/errors.ts';
import { parseUntil } from '../../lib/timestamp.ts';
import type { KeptContexts } from '../context/kept.ts';
import type { CachePruning, CacheRecord } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import type { CacheDirectories } from '../steps/cache-directories.ts';
import { cacheUsage } from './usage.ts';

/** Used longest ago first, until no more than `keep` bytes are left. A record that others stand on goes only after them. */
export async function pruneCache(
  parts: Pick<BuildParts, 'cache' | 'layering'>,
  caches: CacheDirectories,
  contexts: KeptContexts,
  { all, filters, keep }: CachePruning,
): Promise<{ removed: string[]; space: number }> {
  const isMatch = matcher(filters);
  const records = await cacheUsage(parts, caches, contexts);
  let left = records.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0);
  const removed: string[] = [];
  let space = 0;
  for (const record of records.toSorted((a, b) => a.used - b.used)) {
    if (keep > 0 && left <= keep) break;
    if (!isMatch(record) || (record.kind !== 'step' && record.inUse) || (!all && record.shared)) continue;
    if (record.kind === 'mount') caches.remove(record.id);
    else if (record.kind === 'context') await contexts.remove(record.id);
    else parts.cache.remove(`sha256:${record.id}`);
    removed.push(record.id);
    if (record.shared) continue;
    left -= record.size;
    space += record.size;
  }
  await parts.layering.collect();
  parts.cache.forgetLayerless(all && filters.size === 0 && keep === 0 ? 'all' : 'unfounded');
  return { removed, space };
}

type Test = (record: CacheRecord) => boolean;

const flag =
  (of: Test) =>
  (value: string): Test =>
  (record) =>
    String(of(record)) === (value || 'true');

const tests: Record<string, (value: string) => Test> = {
  id: (value) => (record) => record.id.startsWith(value),
  type: (value) => (record) => record.kind === value,
  description: (value) => (record) => record.description.includes(value),
  inuse: flag((record) => record.inUse),
  shared: flag((record) => record.shared),
  private: flag((record) => !record.shared),
  until: (value) => {
    const time = parseUntil(value, Date.now());
    return (record) => record.used < time;
  },
};

/** Every filter, by one of its values. */
function matcher(filters: CachePruning['filters']): Test {
  const each = [...filters].map(([name, values]) => {
    const make = tests[name];
    if (make === undefined) throw invalid(`Invalid filter '${name}'`);
    return values.map(make);
  });
  return (record) => each.every((alternatives) => alternatives.some((matches) => matches(record)));
}
