/** info, df and events: what is said about the engine as a whole. */

import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, hostname, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Containers } from '../containers/service.ts';
import type { Image, Images } from '../images/model.ts';
import type { Networks } from '../networks/model.ts';
import type { Cgroups } from '../runtime/model.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import type { Volume, Volumes } from '../volumes/model.ts';
import type { EventLog } from './events.ts';
import type { Fsck } from './fsck/fsck.ts';
import type { ImageGc } from './gc/gc.ts';
import type { DiskUsage, EngineOptions, Info, OnDisk, System } from './model.ts';

export interface SystemParts {
  options: EngineOptions;
  containers: Containers;
  images: Images;
  networks: Networks;
  volumes: Volumes;
  snapshotter: Snapshotter;
  cgroups: Cgroups;
  events: EventLog;
  fsck: Fsck;
  gc: ImageGc;
  onDisk: () => Promise<OnDisk>;
  /** Unpacked bytes of a layer, null when nobody noted them. */
  layerSize: (chainId: string) => number | null;
}

/** As Docker has it: what other drivers keep, or options put elsewhere, takes none of this host's space. */
const isCounted = ({ driver, options }: Volume) => driver === 'local' && Object.keys(options).length === 0;

export class EngineSystem implements System {
  readonly #parts: SystemParts;
  readonly #id: string;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    this.#id = engineId(parts.options.dataRoot);
  }

  events: System['events'] = (query, signal) => this.#parts.events.stream(query, signal);

  fsck: System['fsck'] = (options, op) => this.#parts.fsck.run(options, op);

  gc: System['gc'] = (policy, { dryRun }) => this.#parts.gc.run(policy, dryRun);
  onDisk: System['onDisk'] = () => this.#parts.onDisk();

  async info(): Promise<Info> {
    const { options, containers, images, networks, volumes, snapshotter, cgroups } = this.#parts;
    const all = await containers.list();
    const running = all.filter(
      ({ state }) => state.status === 'running' || state.status === 'restarting',
    ).length;
    const paused = all.filter(({ state }) => state.status === 'paused').length;
    const os = osRelease();
    return {
      id: this.#id,
      containers: { running, paused, stopped: all.length - running - paused },
      images: (await images.list()).length,
      driver: snapshotter.driver,
      driverStatus: snapshotter.status(),
      cgroupVersion: cgroups.version,
      cgroupControllers: [...cgroups.controllers].sort(),
      kernelVersion: release(),
      operatingSystem: os.PRETTY_NAME ?? 'Linux',
      osVersion: os.VERSION_ID ?? '',
      architecture: machine(),
      cpus: availableParallelism(),
      memory: totalmem(),
      name: hostname(),
      dataRoot: options.dataRoot,
      labels: options.labels,
      securityOptions: ['name=seccomp,profile=builtin', ...(cgroups.version === 2 ? ['name=cgroupns'] : [])],
      warnings: [],
      volumeDrivers: volumes.drivers(),
      bridgeIp: options.bridge === null ? '' : networks.hostGateway(),
      initVersion: '',
      registries: options.registries,
    };
  }

  async diskUsage(): Promise<DiskUsage> {
    const { containers, images, volumes, snapshotter } = this.#parts;
    const [allContainers, allImages, allVolumes] = await Promise.all([
      containers.list(),
      images.list(),
      volumes.list(),
    ]);
    const layers = await this.#layerSizes(allImages);
    const users = new Map<string, number>();
    for (const image of allImages)
      for (const chain of new Set(image.chainIds)) users.set(chain, (users.get(chain) ?? 0) + 1);
    const sizes = await Promise.all(allContainers.map((container) => containers.size(container.id)));
    return {
      layersSize: snapshotter
        .list()
        .filter(({ committed }) => committed)
        .reduce((sum, { key }) => sum + (layers.get(key) ?? 0), 0),
      images: allImages.map((image) => ({
        image,
        containers: allContainers.filter(({ imageId }) => imageId === image.id).length,
        sharedSize: image.chainIds
          .filter((chain) => (users.get(chain) ?? 0) > 1)
          .reduce((sum, chain) => sum + (layers.get(chain) ?? 0), 0),
      })),
      containers: allContainers.map((container, index) => ({
        container,
        writable: sizes[index]?.writable ?? 0,
        root: sizes[index]?.root ?? 0,
      })),
      volumes: await Promise.all(
        allVolumes.filter(isCounted).map(async (volume) => ({
          volume,
          size: await volumes.usage(volume.name),
          references: volumes.holders(volume.name).length,
        })),
      ),
    };
  }

  async #layerSizes(images: readonly Image[]): Promise<Map<string, number>> {
    const { snapshotter, layerSize } = this.#parts;
    const keys = new Set([
      ...images.flatMap(({ chainIds }) => chainIds),
      ...snapshotter.list().flatMap(({ key, committed }) => (committed ? [key] : [])),
    ]);
    const sizes = new Map<string, number>();
    for (const key of keys)
      if (snapshotter.has(key)) sizes.set(key, layerSize(key) ?? (await snapshotter.usage(key)).bytes);
    return sizes;
  }
}

/** Made once per data root. */
function engineId(dataRoot: string): string {
  const path = join(dataRoot, 'engine-id');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    const id = randomUUID();
    writeFileSync(path, `${id}\n`, { mode: 0o600 });
    return id;
  }
}

function osRelease(): Record<string, string> {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return Object.fromEntries(
      [...text.matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)].map(([, key = '', value = '']) => [key, value]),
    );
  } catch {
    return {};
  }
}

/** As uname(1) names it. */
function machine(): string {
  const name = arch();
  return name === 'x64' ? 'x86_64' : name === 'arm64' ? 'aarch64' : name;
}
