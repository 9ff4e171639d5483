/** What the engine as a whole offers beside its nouns: docker info, version, df, events. */

import type { Container } from '../containers/model.ts';
import type { Image } from '../images/model.ts';
import type { EngineEvent } from '../lib/events.ts';
import type { Operational } from '../lib/op.ts';
import type { RegistryOptions } from '../registry/client/model.ts';
import type { Volume } from '../volumes/model.ts';

export interface EngineOptions {
  dataRoot: string;
  execRoot: string;
  /** Name of the default bridge, or null for none. */
  bridge: string | null;
  /** "172.17.0.1/16"; "" = choose one that collides with no route. */
  bip: string;
  /** Containers on the default bridge may talk to each other. */
  icc: boolean;
  /** Ranges that networks without a subnet get theirs from; [] = Docker's. */
  addressPools: AddressPoolRange[];
  /** "" = probe. */
  storageDriver: string;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  labels: string[];
  dns: string[];
  /** Default log options: gantry rotates by default (10 MB x 3), unlike Docker. */
  logOptions: Record<string, string>;
  registries: RegistryOptions;
  /** Where volume plugins have their sockets and .spec and .json files. */
  pluginDirectories: string[];
  /** Layers of one pull or push at the same time. */
  maxDownloads: number;
  maxUploads: number;
  /** Keep plain layer blobs once, as the unpacked layer. */
  thinLayers: boolean;
  /** null = images are removed by hand only. */
  imageGc: GcPolicy | null;
}

/** `base` (CIDR) is cut into subnets of prefix length `size`. */
export interface AddressPoolRange {
  base: string;
  size: number;
}

/** A share of the file system that holds the data root, or bytes of images in it. */
export type Threshold = { kind: 'percent'; value: number } | { kind: 'bytes'; value: number };

/** "key" or "key=value"; a glob over names such as `example.org/*` or `busybox:*`. */
export type KeepRule = { kind: 'label'; label: string } | { kind: 'reference'; pattern: string };

/** When more than `high` is in use, images go until no more than `low` is. */
export interface GcPolicy {
  high: Threshold;
  low: Threshold;
  /** Milliseconds since an image was added. */
  minAge: number;
  keep: KeepRule[];
}

/** A policy as daemon.json and the API have it. */
export interface GcPolicyText {
  high?: string | undefined;
  low?: string | undefined;
  'min-age'?: string | undefined;
  keep?: readonly string[] | undefined;
}

export interface GcReport {
  /** Bytes in use before, and where the policy draws the line. */
  used: number;
  high: number;
  removed: { id: string; names: string[]; bytes: number }[];
  /** An estimate: bytes of the removed images that no other one holds. */
  reclaimed: number;
}

export interface Info {
  id: string;
  containers: { running: number; paused: number; stopped: number };
  images: number;
  driver: string;
  driverStatus: [string, string][];
  cgroupVersion: 1 | 2;
  cgroupControllers: string[];
  kernelVersion: string;
  operatingSystem: string;
  osVersion: string;
  architecture: string;
  cpus: number;
  memory: number;
  name: string;
  dataRoot: string;
  labels: string[];
  securityOptions: string[];
  warnings: string[];
  bridgeIp: string;
  /** local, and the plugins in use. */
  volumeDrivers: string[];
  initVersion: string;
  registries: Pick<RegistryOptions, 'insecure' | 'mirrors'>;
}

export interface DiskUsage {
  layersSize: number;
  images: { image: Image; containers: number; sharedSize: number }[];
  containers: { container: Container; writable: number; root: number }[];
  volumes: { volume: Volume; size: number; references: number }[];
}

/** Bytes are those of the file system's blocks. */
export interface DiskSection {
  count: number;
  bytes: number;
}

/** What the data root's bytes are for. */
export interface OnDisk {
  /** Blobs. `size`: what they have as files; `saved`: what is not on disk because layers hold it, in `thin` of them. */
  content: DiskSection & { size: number; thin: number; saved: number };
  layers: DiskSection;
  /** Writable layers. */
  containers: DiskSection;
  logs: DiskSection;
  volumes: DiskSection;
  buildCache: DiskSection;
  /** The database, and the small files of each container. */
  records: DiskSection;
  /** What no record explains: see fsck. */
  orphans: DiskSection;
  total: number;
}

/** Something that fsck found. */
export interface Finding {
  kind: 'record' | 'blob' | 'image' | 'layer' | 'snapshot' | 'container' | 'volume' | 'orphan';
  /** Digest, name, id or path. */
  subject: string;
  detail: string;
  /** What mends it; null: nothing does without losing something. */
  repair: string | null;
  repaired: boolean;
}

export interface EventQuery {
  /** Unix seconds with fraction; null = from now on. */
  since: number | null;
  /** null = for ever. */
  until: number | null;
  filters: ReadonlyMap<string, readonly string[]>;
}

export interface System {
  info(): Promise<Info>;
  diskUsage(): Promise<DiskUsage>;
  onDisk(): Promise<OnDisk>;
  /**
   * Looks whether everything that is recorded is on disk and whole, and the other way round. Progress: a status for each
   * check, a result for each finding. Throws conflict while another one runs.
   */
  fsck(options: { repair: boolean }, op: Operational): Promise<Finding[]>;
  /** Removes images by a policy; what is not given is the daemon's. Throws invalid when there is none. */
  gc(policy: GcPolicyText, options: { dryRun: boolean }): Promise<GcReport>;
  /** Replays from the ring of the last 256, then streams until `until` or abort. */
  events(query: EventQuery, signal: AbortSignal): AsyncIterable<EngineEvent>;
}
