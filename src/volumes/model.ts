/** Volumes in gantry's own words. */
import type { ContainerId } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { Credentials } from '../registry/client/model.ts';

export type VolumeScope = 'local' | 'global';

export interface Volume {
  name: string;
  driver: string;
  mountpoint: string;
  /** Milliseconds since the epoch. */
  created: number;
  labels: Record<string, string>;
  options: Record<string, string>;
  scope: VolumeScope;
  anonymous: boolean;
  /** What the driver says of its state. */
  status?: Record<string, unknown> | undefined;
}

/** What a driver needs to know of a volume. */
export type RemovableVolume = Pick<Volume, 'name' | 'options' | 'mountpoint'>;

export interface VolumeRequest {
  /** "" = anonymous: 64 hex digits. */
  name: string;
  /** "" = whichever driver has it, else local. */
  driver: string;
  options: Record<string, string>;
  labels: Record<string, string>;
}

export interface VolumeSnapshot {
  name: string;
  /** Milliseconds since the epoch. */
  created: number;
  /** Apparent bytes; what it shares with the volume counts in full. */
  size: number;
}

/** What the volumes noun offers. */
export interface Volumes {
  /** Existing volume of that name (options ignored as Docker does), or a new one. */
  create(request: VolumeRequest): Promise<Volume>;
  /** Of any driver, with its state. */
  get(name: string): Promise<Volume>;
  /** Those that are on record here; plugins are not asked. */
  list(): Promise<Volume[]>;
  /** Those of every driver; `warnings` for drivers that did not answer. */
  survey(): Promise<{ volumes: Volume[]; warnings: string[] }>;
  /** Throws conflict "remove X: volume is in use - [ids]" while containers hold it. */
  remove(name: string, force: boolean): Promise<void>;
  prune(filters: ReadonlyMap<string, readonly string[]>): Promise<{ removed: string[]; space: number }>;
  /** References: a container that exists (running or not) holds its volumes. */
  hold(name: string, container: ContainerId): void;
  release(container: ContainerId): void;
  holders(name: string): ContainerId[];
  /** Makes the files reachable for `user` (once, however often it asks) and says where they are. */
  mount(name: string, user: string): Promise<string>;
  /** Ends all that `user` has mounted, and tells which those were. What fails is logged. */
  unmount(user: string): Promise<Volume[]>;
  /** At the daemon's start: ends the mounts of users that are gone, and mends those of users that are there. */
  reconcile(users: ReadonlySet<string>): Promise<void>;
  /** Bytes on disk of a local volume. */
  usage(name: string): Promise<number>;
  /** local, and the plugins that were used so far. */
  drivers(): string[];

  // -- beyond Docker
  /** A new volume (or an existing empty one) with the files of another. */
  copy(source: string, target: string): Promise<Volume>;
  /** Containers that hold it follow. Throws conflict while one of them runs. */
  rename(name: string, to: string): Promise<Volume>;
  /** A tar of the files; the first member is the root directory itself. */
  export(name: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Into a new volume, or an existing empty one. On failure nothing of it stays. */
  import(name: string, archive: AsyncIterable<Uint8Array>, op: Operational): Promise<Volume>;
  snapshot(name: string, snapshot: string): Promise<VolumeSnapshot>;
  snapshots(name: string): Promise<VolumeSnapshot[]>;
  removeSnapshot(name: string, snapshot: string): Promise<void>;
  /** Throws conflict while the volume is mounted. */
  restore(name: string, snapshot: string): Promise<void>;
  /** As an OCI artifact. Gives the manifest's digest. */
  push(name: string, reference: string, credentials: Credentials, op: Operational): Promise<string>;
  pull(reference: string, name: string, credentials: Credentials, op: Operational): Promise<Volume>;
}
