/** Which networks a list shows, and which a prune may remove. */
import { invalid } from '../../lib/errors.ts';
import { parseUntil } from '../../lib/timestamp.ts';
import type { Network } from '../../networks/model.ts';
import { type Filters, lacksLabels, matchesLabels, matchesPattern } from '../http/filters.ts';

export const networkFilterKeys = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'] as const;
export const networkPruneKeys = ['label', 'label!', 'until'] as const;

const predefined = new Set(['bridge', 'host', 'none']);

/** `inUse`: whether a container is on it, for `dangling`. */
export function selectNetworks(
  networks: readonly Network[],
  filters: Filters,
  inUse: (network: Network) => boolean,
): Network[] {
  const dangling = danglingOnly(filters.get('dangling'));
  for (const type of filters.get('type') ?? [])
    if (type !== 'builtin' && type !== 'custom') throw invalid(`invalid filter: 'type'='${type}'`);
  return networks.filter(
    (network) =>
      matchesPattern(filters.get('name'), network.name) &&
      matchesPattern(filters.get('id'), network.id) &&
      (filters.get('driver')?.includes(network.driver) ?? true) &&
      (filters.get('scope')?.includes(network.scope) ?? true) &&
      (filters.get('type')?.includes(predefined.has(network.name) ? 'builtin' : 'custom') ?? true) &&
      matchesLabels(filters.get('label'), network.labels) &&
      (dangling === null || dangling === !(predefined.has(network.name) || inUse(network))),
  );
}

/** null: the filter was not given. */
function danglingOnly(values: readonly string[] | undefined): boolean | null {
  const [value, ...more] = values ?? [];
  if (value === undefined) return null;
  if (more.length > 0) throw invalid('got more than one value for filter key "dangling"');
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw invalid(`invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`);
}

/** `now` in milliseconds: durations count back from it. */
export function prunable(filters: Filters, now: number): (network: Network) => boolean {
  const before = untilOf(filters.get('until'), now);
  return (network) =>
    !predefined.has(network.name) &&
    !network.configOnly &&
    network.created <= before &&
    matchesLabels(filters.get('label'), network.labels) &&
    lacksLabels(filters.get('label!'), network.labels);
}

function untilOf(values: readonly string[] | undefined, now: number): number {
  const [value, ...more] = values ?? [];
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (more.length > 0) throw invalid('more than one until filter specified');
  return parseUntil(value, now);
}
