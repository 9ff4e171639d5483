import { isKind } from '../lib/errors.ts';
import type { Context } from './context.ts';
import { type PruneFilters, parsePruneFilters } from './filters.ts';
import type { Image } from './model.ts';
import { type Removed, removeImage } from './remove.ts';

/** `docker image prune`: dangling images, or with dangling=false all that no container uses. */
export async function pruneImages(
  context: Context,
  filters: ReadonlyMap<string, readonly string[]>,
): Promise<Removed & { space: number }> {
  const wanted = parsePruneFilters(filters, Date.now());
  context.collector.forgetUnfinished();
  const result = { untagged: [] as string[], deleted: [] as string[], space: 0 };
  for (const image of context.records.all()) {
    if (!shouldPrune(context, image, wanted)) continue;
    const sizes = new Map(context.records.layers(image.id).map(({ chainId, size }) => [chainId, size]));
    const removed = await removeByNames(context, image);
    result.untagged.push(...removed.untagged);
    result.deleted.push(...removed.deleted);
    for (const chainId of removed.deleted) result.space += sizes.get(chainId) ?? 0;
  }
  await context.collector.collect();
  context.emit({
    type: 'image',
    action: 'prune',
    id: '',
    attributes: { reclaimed: String(result.space) },
  });
  return result;
}

/** What goes without force: all of its names, and with the last one the image. */
export async function removeByNames(context: Context, image: Image): Promise<Removed> {
  const result: Removed = { untagged: [], deleted: [] };
  for (const ref of pruneReferences(image)) {
    const { untagged, deleted } = await tryRemove(context, ref);
    result.untagged.push(...untagged);
    result.deleted.push(...deleted);
  }
  return result;
}

function shouldPrune({ inUse, records }: Context, image: Image, filters: PruneFilters): boolean {
  if (filters.dangling && image.tags.length > 0) return false;
  if (filters.until !== null && image.created > filters.until) return false;
  if (!filters.matchesLabels(image.config.config?.Labels ?? {})) return false;
  return inUse(image.id).length === 0 && records.children(image.id).length === 0;
}

/** Removing by every name leaves no question of force; an image without a name goes by its id. */
function pruneReferences(image: Image): string[] {
  const names = [...image.tags, ...image.repoDigests];
  return names.length > 0 ? names : [image.id];
}

/** A container may be created meanwhile, and a name may have gone with another one. */
async function tryRemove(context: Context, ref: string): Promise<Removed> {
  try {
    return await removeImage(context, ref, { force: false, noPrune: false });
  } catch (error) {
    if (isKind(error, 'conflict') || isKind(error, 'notFound')) return { untagged: [], deleted: [] };
    throw error;
  }
}
