/** DELETE /volumes/x and prune. */
import { conflict, messageOf } from '../lib/errors.ts';
import { driverOf, emitVolume, failed, type VolumeContext } from './context.ts';
import { get } from './lookup.ts';
import type { Volume } from './model.ts';
import { type Filters, prunable } from './prune-filters.ts';

/** `force`: what is not there is no error, and the record goes even when the driver fails. */
export async function remove(context: VolumeContext, name: string, force: boolean): Promise<void> {
  await context.turns.take([name], async () => {
    const volume = await wanted(context, name, force);
    if (volume !== null) await removeTaken(context, volume, force);
  });
}

async function wanted(context: VolumeContext, name: string, force: boolean): Promise<Volume | null> {
  const record = context.store.find(name);
  // In use comes first, as in Docker: no driver needs to be asked for that.
  if (record !== null) assertUnused(context, name);
  try {
    return await get(context, name);
  } catch (error) {
    if (!force) throw error;
    return record;
  }
}

function assertUnused({ store }: VolumeContext, name: string): void {
  const holders = store.holders(name);
  if (holders.length > 0) throw failed('remove', name, conflict(`volume is in use - [${holders.join(' ')}]`));
  if (store.users(name).length > 0) throw failed('remove', name, conflict('volume is in use'));
}

async function removeTaken(context: VolumeContext, volume: Volume, force: boolean): Promise<void> {
  assertUnused(context, volume.name);
  try {
    await (await driverOf(context, volume.driver)).remove(volume);
  } catch (error) {
    if (force) context.store.remove(volume.name);
    throw failed('remove', volume.name, error);
  }
  context.store.remove(volume.name);
  emitVolume(context, 'destroy', volume);
}

/** Local ones only, and of these, as in Docker, only such as were made without options. */
export async function prune(
  context: VolumeContext,
  filters: Filters,
): Promise<{ removed: string[]; space: number }> {
  const { store, local, log, emit } = context;
  const isPrunable = prunable(filters);
  const removed: string[] = [];
  let space = 0;
  for (const volume of store.list()) {
    if (volume.driver !== local.name || Object.keys(volume.options).length > 0) continue;
    if (!isPrunable(volume) || store.holders(volume.name).length > 0) continue;
    try {
      const size = await local.usage(volume);
      await context.turns.take([volume.name], () => removeTaken(context, volume, false));
      removed.push(volume.name);
      space += size;
    } catch (error) {
      log('warn', `could not prune volume ${volume.name}`, { error: messageOf(error) });
    }
  }
  emit({ type: 'volume', action: 'prune', id: '', attributes: { reclaimed: String(space) } });
  return { removed, space };
}
