/** `builder prune`. */
import { invalid } from '../../lib/errors.ts';
import { parseUntil } from '../../lib/timestamp.ts';
import type { KeptContexts } from '../context/kept.ts';
import type { CachePruning, CacheRecord } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import type { CacheDirectories } from '../steps/cache-directories.ts';
import type { StepRecord } from './store.ts';
import { cacheUsage, recordId } from './usage.ts';

/** Used longest ago first, until no more than `keep` bytes are left. A record that others stand on goes only after them. */
export async function pruneCache(
  parts: Pick<BuildParts, 'cache' | 'layering'>,
  caches: CacheDirectories,
  contexts: KeptContexts,
  { all, filters, keep }: CachePruning,
): Promise<{ removed: string[]; space: number }> {
  const isMatch = matcher(filters);
  const records = await cacheUsage(parts, caches, contexts);
  const foundations = new Foundations(parts.cache.list());
  const isFree = (record: CacheRecord) =>
    record.kind === 'step' ? !foundations.carries(record.id) : !record.inUse;
  let left = records.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0);
  let candidates = records
    .filter((record) => isMatch(record) && (all || !record.shared))
    .toSorted((a, b) => a.used - b.used);
  const removed: CacheRecord[] = [];
  for (let next = candidates.find(isFree); next !== undefined; next = candidates.find(isFree)) {
    if (keep > 0 && left <= keep) break;
    const { id, kind, shared, size } = next;
    candidates = candidates.filter((record) => record !== next);
    if (kind === 'mount' && !caches.remove(id)) continue;
    if (kind === 'context' && !(await contexts.remove(id))) continue;
    if (kind === 'step') parts.cache.remove(foundations.remove(id));
    removed.push(next);
    if (!shared) left -= size;
  }
  await parts.layering.collect();
  parts.cache.forgetLayerless(all && filters.size === 0 && keep === 0 ? 'all' : 'unfounded');
  const space = removed.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0);
  return { removed: removed.map(({ id }) => id), space };
}

/** How many of the steps that are left stand on each layer. */
class Foundations {
  readonly #steps = new Map<string, StepRecord>();
  readonly #carried = new Map<string, number>();

  constructor(steps: readonly StepRecord[]) {
    for (const step of steps) {
      if (!step.made) continue;
      this.#steps.set(recordId(step), step);
      this.#count(step, 1);
    }
  }

  carries(id: string): boolean {
    const own = this.#steps.get(id)?.layers.at(-1)?.chainId ?? '';
    return (this.#carried.get(own) ?? 0) > 0;
  }

  /** The key of the step. */
  remove(id: string): string {
    const step = this.#steps.get(id);
    if (step === undefined) return '';
    this.#steps.delete(id);
    this.#count(step, -1);
    return step.key;
  }

  #count({ layers }: StepRecord, by: number): void {
    for (const { chainId } of layers.slice(0, -1))
      this.#carried.set(chainId, (this.#carried.get(chainId) ?? 0) + by);
  }
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
