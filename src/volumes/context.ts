/** What the functions of this noun work with. Made once by the engine. */
import { EngineError, messageOf } from '../lib/errors.ts';
import type { Emit } from '../lib/events.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { Log } from '../lib/op.ts';
import type { Registries } from '../registry/client/model.ts';
import type { VolumeDriver } from './driver.ts';
import type { LocalDriver } from './local/driver.ts';
import type { Volume } from './model.ts';
import type { Plugins } from './plugins/plugins.ts';
import type { VolumeStore } from './store.ts';
import type { Turns } from './turns.ts';

export interface VolumeContext {
  readonly store: VolumeStore;
  readonly local: LocalDriver;
  readonly plugins: Plugins;
  readonly turns: Turns;
  readonly registries: Pick<Registries, 'repository'>;
  /** <data-root>/volumes */
  readonly directory: string;
  readonly emit: Emit;
  readonly log: Log;
  /** Changes the records of containers that hold a volume which gets another name and place. */
  readonly moveMounts: (holders: readonly ContainerId[], from: Volume, to: Volume) => void;
}

export async function driverOf({ local, plugins }: VolumeContext, name: string): Promise<VolumeDriver> {
  return name === local.name ? local : plugins.driver(name);
}

/** Docker's form of an error about a volume: "create data: …". */
export function failed(
  what: 'create' | 'get' | 'remove' | 'list',
  name: string,
  error: unknown,
): EngineError {
  const kind = error instanceof EngineError ? error.kind : 'internal';
  return new EngineError(kind, `${what} ${name}: ${messageOf(error)}`, { cause: error });
}

export function emitVolume(
  { emit }: VolumeContext,
  action: 'create' | 'destroy',
  { name, driver }: Volume,
): void {
  emit({ type: 'volume', action, id: name, attributes: { driver } });
}
