/** Volumes in gantry's own words. */
import type { ContainerId, Name } from '../lib/ids.ts';
import type { RootMount } from '../linux/mounts.ts';

export interface Volume {
  name: Name;
  driver: string;
  mountpoint: string;
  /** Milliseconds since the epoch. */
  created: number;
  labels: Record<string, string>;
  options: Record<string, string>;
  scope: 'local';
  anonymous: boolean;
}

/** What the volumes noun offers. */
export interface Volumes {
  /** Existing volume of that name (options ignored as Docker does), or a new one. name "" = anonymous, 64 hex digits. */
  create(request: {
    name: string;
    driver: string;
    options: Record<string, string>;
    labels: Record<string, string>;
  }): Promise<Volume>;
  get(name: string): Promise<Volume>;
  list(): Promise<Volume[]>;
  /** Throws conflict "remove X: volume is in use - [ids]" while containers hold it. */
  remove(name: string, force: boolean): Promise<void>;
  prune(filters: ReadonlyMap<string, readonly string[]>): Promise<{ removed: string[]; space: number }>;
  /** References: a container that exists (running or not) holds its volumes. */
  hold(name: string, container: ContainerId): void;
  release(container: ContainerId): void;
  holders(name: string): ContainerId[];
  /** Copies what the image has at `target` into the empty volume, with owners and xattrs. Nothing when it is not empty. */
  copyUp(name: string, root: RootMount, target: string): Promise<void>;
  /** Bytes on disk. */
  usage(name: string): Promise<number>;
}
