/** What a volume driver does: the local one, and each plugin. */
import type { RemovableVolume, VolumeScope } from './model.ts';

/** A volume as its driver knows it. */
export interface DriverVolume {
  name: string;
  /** "" = only known while it is mounted. */
  mountpoint: string;
  /** Milliseconds since the epoch. */
  created: number;
  status: Record<string, unknown> | undefined;
}

export interface VolumeDriver {
  readonly name: string;
  scope(): Promise<VolumeScope>;
  create(name: string, options: Record<string, string>): Promise<void>;
  /** null: the driver has no such volume. Throws when it cannot be asked; `wait`: a plugin that is away may come back. */
  get(name: string, options: { wait: boolean }): Promise<DriverVolume | null>;
  list(): Promise<DriverVolume[]>;
  /** Deletes the files. */
  remove(volume: RemovableVolume): Promise<void>;
  /** Makes the files reachable and says where. `id` stands for one user, who may ask again. */
  mount(volume: RemovableVolume, id: string): Promise<string>;
  /** `last`: nobody else has it mounted. */
  unmount(volume: RemovableVolume, id: string, last: boolean): Promise<void>;
}
