/** The filters of `docker ps`. */

import type { Container } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import {
  booleanFilter,
  type Filters,
  invalidFilter,
  matchesLabels,
  matchesPattern,
} from '../http/filters.ts';
import { parseInteger } from '../http/query.ts';
import { parsePorts } from './ports.ts';
import { isRunning, lastExit, statusOf } from './state.ts';

export const psFilterKeys = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
] as const;

const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const healths = ['starting', 'healthy', 'unhealthy', 'none'];

export interface ListQuery {
  all: boolean;
  /** 0 or less = no limit. */
  limit: number;
  filters: Filters;
}

/** What filters name beside the containers themselves, looked up by the caller. */
export interface Named {
  /** Ids of the images that `ancestor` names and of those built on them; null without that filter. */
  ancestors: ReadonlySet<string> | null;
  before: Container | null;
  since: Container | null;
}

/** The containers to show, newest first. */
export function selectContainers(
  containers: readonly Container[],
  { all, limit, filters }: ListQuery,
  named: Named,
): Container[] {
  const matches = predicate(filters);
  const stoppedToo = all || limit > 0 || filters.has('status');
  const selected = [...containers]
    .sort((a, b) => b.created - a.created)
    .filter((container) => {
      if (!stoppedToo && !isRunning(container)) return false;
      if (named.before && container.created >= named.before.created) return false;
      if (named.since && container.created <= named.since.created) return false;
      if (named.ancestors && !named.ancestors.has(container.imageId)) return false;
      return matches(container);
    });
  return limit > 0 ? selected.slice(0, limit) : selected;
}

function predicate(filters: Filters): (container: Container) => boolean {
  oneOf(filters, 'status', statuses);
  oneOf(filters, 'health', healths);
  const codes = filters.get('exited')?.map(exitCode);
  const publish = filters.get('publish')?.flatMap(parsePorts);
  const expose = filters.get('expose')?.flatMap(parsePorts);
  // There are no swarm tasks here: is-task=true matches nothing.
  if (booleanFilter(filters, 'is-task', false)) return () => false;
  return (container) =>
    includes(filters, 'status', statusOf(container)) &&
    includes(filters, 'health', container.health?.status ?? 'none') &&
    (!codes || codes.includes(exitedWith(container))) &&
    matchesPattern(filters.get('id'), container.id) &&
    matchesName(filters.get('name'), container.name) &&
    matchesLabels(filters.get('label'), container.config.labels) &&
    hasVolume(filters.get('volume'), container) &&
    onNetwork(filters.get('network'), container) &&
    (!publish || publishesOn(container, publish)) &&
    (!expose || expose.some((port) => container.config.exposedPorts.includes(port)));
}

function oneOf(filters: Filters, key: string, allowed: readonly string[]): void {
  for (const value of filters.get(key) ?? []) if (!allowed.includes(value)) throw invalidFilter(key, [value]);
}

function includes(filters: Filters, key: string, value: string): boolean {
  return filters.get(key)?.includes(value) ?? true;
}

function exitCode(text: string): number {
  try {
    return parseInteger(text);
  } catch (error) {
    throw invalid(`invalid filter 'exited=${text}': ${error instanceof Error ? error.message : error}`);
  }
}

/** Never equal to any code while it runs or never ran. */
function exitedWith(container: Container): number {
  const last = lastExit(container);
  return isRunning(container) || !last || last.startedAt === 0 ? Number.NaN : last.code;
}

function matchesName(patterns: readonly string[] | undefined, name: string): boolean {
  return matchesPattern(patterns, name) || matchesPattern(patterns, `/${name}`);
}

/** `publish` names ports of the host, of containers that run. */
function publishesOn({ ports }: Container, wanted: readonly string[]): boolean {
  return ports.some(({ hostPort, protocol }) => wanted.includes(`${hostPort}/${protocol}`));
}

function hasVolume(values: readonly string[] | undefined, { mounts }: Container): boolean {
  if (!values) return true;
  return mounts.some(
    (mount) => values.includes(mount.name || mount.source) || values.includes(mount.destination),
  );
}

function onNetwork(values: readonly string[] | undefined, { endpoints }: Container): boolean {
  if (!values) return true;
  return endpoints.some((endpoint) =>
    values.some((value) => endpoint.networkName === value || endpoint.networkId.startsWith(value)),
  );
}
