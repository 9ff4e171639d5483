/** `GET /system/df`, in the shape until 1.51 and in the one since. */
import type { CacheRecord } from '../../build/model.ts';
import type { DiskUsage as Nouns } from '../../engine/model.ts';
import type { DiskUsageSummary, DiskUsage as LegacyJson } from '../types/system.ts';
import { cacheRecordJson } from './build-cache.ts';
import { imageSummaryJson } from './image.ts';
import { isRunning } from './state.ts';
import { summaryJson } from './summary.ts';
import { volumeJson } from './volume.ts';

export const diskUsageTypes = ['container', 'image', 'volume', 'build-cache'] as const;
export type DiskUsageType = (typeof diskUsageTypes)[number];

/** With the build cache. */
type DiskUsage = Nouns & { cache: readonly CacheRecord[] };

type Wanted = (type: DiskUsageType) => boolean;

function itemsOf(usage: DiskUsage, version: number, now: number) {
  return {
    images: usage.images.map(({ image, containers, sharedSize }) =>
      imageSummaryJson(image, version, { containers, sharedSize }),
    ),
    containers: usage.containers.map(({ container, writable, root }) =>
      summaryJson(container, { version, now, sizes: { writable, root }, image: container.config.image }),
    ),
    volumes: usage.volumes.map(({ volume, size, references }) => volumeJson(volume, { size, references })),
    cache: usage.cache.map(cacheRecordJson),
  };
}

/** A kind that was not asked for is null. */
export function legacyDiskUsageJson(
  usage: DiskUsage,
  version: number,
  now: number,
  wants: Wanted,
): LegacyJson {
  const items = itemsOf(usage, version, now);
  return {
    LayersSize: wants('image') ? usage.layersSize : 0,
    Images: wants('image') ? items.images : null,
    Containers: wants('container') ? items.containers : null,
    Volumes: wants('volume') ? items.volumes : null,
    BuildCache: wants('build-cache') ? items.cache : null,
  };
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

export function diskUsageJson(
  usage: DiskUsage,
  version: number,
  now: number,
  wants: Wanted,
  verbose: boolean,
): DiskUsageSummary {
  const items = itemsOf(usage, version, now);
  const list = <T>(all: T[]) => (verbose ? { Items: all } : {});
  const stopped = usage.containers.filter(({ container }) => !isRunning(container));
  const unused = usage.volumes.filter(({ references }) => references === 0);
  const idle = usage.images.filter(({ containers }) => containers === 0);
  const inUse = usage.images.filter(({ containers }) => containers > 0);
  // What is shared counts with the images.
  const own = usage.cache.filter(({ shared }) => !shared);
  const heldByUsed = sum(inUse.map(({ image }) => image.size));
  return {
    ...(wants('image') && {
      ImageUsage: {
        ActiveCount: inUse.length,
        TotalCount: usage.images.length,
        Reclaimable: idle.length === 0 ? 0 : Math.max(0, usage.layersSize - heldByUsed),
        TotalSize: usage.layersSize,
        ...list(items.images),
      },
    }),
    ...(wants('container') && {
      ContainerUsage: {
        ActiveCount: usage.containers.length - stopped.length,
        TotalCount: usage.containers.length,
        Reclaimable: sum(stopped.map(({ writable }) => writable)),
        TotalSize: sum(usage.containers.map(({ writable }) => writable)),
        ...list(items.containers),
      },
    }),
    ...(wants('volume') && {
      VolumeUsage: {
        ActiveCount: usage.volumes.length - unused.length,
        TotalCount: usage.volumes.length,
        Reclaimable: sum(unused.map(({ size }) => size)),
        TotalSize: sum(usage.volumes.map(({ size }) => size)),
        ...list(items.volumes),
      },
    }),
    ...(wants('build-cache') && {
      BuildCacheUsage: {
        ActiveCount: usage.cache.filter(({ inUse }) => inUse).length,
        TotalCount: usage.cache.length,
        Reclaimable: sum(own.filter(({ inUse }) => !inUse).map(({ size }) => size)),
        TotalSize: sum(own.map(({ size }) => size)),
        ...list(items.cache),
      },
    }),
  };
}
