/** `builder prune`. */
import { invalid } from '../../lib/errors.ts';
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
  const records = await cacheUsage(parts, caches, contexts);
  const isMatch = matcher(filters);
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

type Test = (record: CacheRecord, value: string) => boolean;

const tests: Record<string, Test> = {
  id: (record, value) => record.id.startsWith(value),
  type: (record, value) => record.kind === value,
  description: (record, value) => record.description.includes(value),
  inuse: (record, value) => String(record.inUse) === (value || 'true'),
  shared: (record, value) => String(record.shared) === (value || 'true'),
  private: (record, value) => String(!record.shared) === (value || 'true'),
  until: (record, value) => record.used < Number(value),
};

/** `type`: as in CacheRecord. `until`: milliseconds since the epoch, which the caller has made of what the user said. */
function matcher(filters: CachePruning['filters']): (record: CacheRecord) => boolean {
  for (const name of filters.keys()) if (!(name in tests)) throw invalid(`Invalid filter '${name}'`);
  return (record) =>
    [...filters].every(([name, values]) => values.some((value) => tests[name]?.(record, value) ?? false));
}
