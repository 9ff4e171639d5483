/** What the engine as a whole offers beside its nouns: docker info, version, df, events. */

import type { Container } from '../containers/model.ts';
import type { Image } from '../images/model.ts';
import type { EngineEvent } from '../lib/events.ts';
import type { RegistryOptions } from '../registry/client/model.ts';
import type { Volume } from '../volumes/model.ts';

export interface EngineOptions {
  dataRoot: string;
  execRoot: string;
  /** Name of the default bridge, or null for none. */
  bridge: string | null;
  /** "172.17.0.1/16"; "" = choose one that collides with no route. */
  bip: string;
  /** "" = probe. */
  storageDriver: string;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  labels: string[];
  dns: string[];
  /** Default log options: gantry rotates by default (10 MB x 3), unlike Docker. */
  logOptions: Record<string, string>;
  registries: RegistryOptions;
  /** Layers of one pull or push at the same time. */
  maxDownloads: number;
  maxUploads: number;
  /** Keep plain layer blobs once, as the unpacked layer. */
  thinLayers: boolean;
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
  initVersion: string;
}

export interface DiskUsage {
  layersSize: number;
  images: { image: Image; containers: number; sharedSize: number }[];
  containers: { container: Container; writable: number; root: number }[];
  volumes: { volume: Volume; size: number; references: number }[];
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
  /** Replays from the ring of the last 256, then streams until `until` or abort. */
  events(query: EventQuery, signal: AbortSignal): AsyncIterable<EngineEvent>;
}
