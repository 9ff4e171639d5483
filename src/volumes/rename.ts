/** `volume mv`: another name; containers that hold it follow. */
import { conflict, unsupported } from '../lib/errors.ts';
import type { VolumeContext } from './context.ts';
import { assertIdle } from './fill.ts';
import { get, recorded } from './lookup.ts';
import type { Volume } from './model.ts';
import { parseVolumeName } from './names.ts';

export function rename(context: VolumeContext, name: string, to: string): Promise<Volume> {
  const { store, local, turns, moveMounts } = context;
  return turns.take([name, to], async () => {
    const volume = recorded(context, name);
    if (volume.driver !== local.name)
      throw unsupported(`volume ${name} is of driver ${volume.driver}: only local volumes can be renamed`);
    const target = parseVolumeName(to);
    if (store.find(to) !== null) throw conflict(`volume ${to} exists`);
    assertIdle(context, volume);
    const renamed: Volume = { ...volume, name: target, mountpoint: local.mountpoint(to), anonymous: false };
    store.rename(name, renamed, () => moveMounts(store.holders(to), volume, renamed));
    finish(context, name, to);
    const attributes = { driver: volume.driver, oldName: name };
    context.emit({ type: 'volume', action: 'rename', id: to, attributes });
    return get(context, to);
  });
}

/** The records have the new name already. */
function finish({ store, local }: VolumeContext, name: string, to: string): void {
  local.rename(name, to);
  store.renamed(name);
}

/** What a daemon that was killed had in hand. */
export function finishRenames(context: VolumeContext): void {
  for (const { name, target } of context.store.renames()) finish(context, name, target);
}
