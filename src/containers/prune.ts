/** docker container prune: removes all stopped containers that the filters let through. */
import { invalid, isKind } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import { parseUntil } from '../lib/timestamp.ts';
import type { Context } from './context.ts';
import type { Container } from './model.ts';
import { remove } from './remove.ts';

type Filters = ReadonlyMap<string, readonly string[]>;

export async function prune(
  context: Context,
  filters: Filters,
): Promise<{ removed: ContainerId[]; space: number }> {
  const matches = pruneFilter(filters, Date.now());
  const removed: ContainerId[] = [];
  let space = 0;
  for (const container of context.store.all()) {
    if (!['created', 'exited', 'dead'].includes(container.state.status) || !matches(container)) continue;
    try {
      const { bytes } = await context.snapshotter.usage(container.id);
      await remove(context, container.id, { force: false, volumes: false, link: false });
      removed.push(container.id);
      space += bytes;
    } catch (error) {
      // Started or removed by someone else meanwhile.
      if (!isKind(error, 'conflict') && !isKind(error, 'notFound')) throw error;
    }
  }
  if (removed.length > 0 || filters.size === 0)
    context.emit({ type: 'container', action: 'prune', id: '', attributes: { reclaimed: String(space) } });
  return { removed, space };
}

export function pruneFilter(filters: Filters, now: number): (container: Container) => boolean {
  const tests: ((container: Container) => boolean)[] = [];
  for (const [key, values] of filters) {
    if (key === 'label') tests.push((container) => values.every((value) => hasLabel(container, value)));
    else if (key === 'label!') tests.push((container) => !values.some((value) => hasLabel(container, value)));
    else if (key === 'until') {
      const before = Math.min(...values.map((value) => parseUntil(value, now)));
      tests.push((container) => container.created <= before);
    } else throw invalid(`invalid filter '${key}'`);
  }
  return (container) => tests.every((matches) => matches(container));
}

function hasLabel({ config }: Container, filter: string): boolean {
  const at = filter.indexOf('=');
  if (at < 0) return filter in config.labels;
  return config.labels[filter.slice(0, at)] === filter.slice(at + 1);
}
