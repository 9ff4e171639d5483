/** What builds have left behind. */
import { statSync } from 'node:fs';
import { diskUsage } from '../../snapshots/usage.ts';
import type { CacheRecord } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import type { CacheDirectories } from '../steps/cache-directories.ts';
import type { StepRecord } from './store.ts';

export async function cacheUsage(
  { cache, layering }: Pick<BuildParts, 'cache' | 'layering'>,
  caches: CacheDirectories,
): Promise<CacheRecord[]> {
  const steps = cache.list();
  const below = new Set(
    steps.flatMap((step) => step.layers.slice(0, step.made ? -1 : undefined).map(chainIdOf)),
  );
  const records = steps.map((step): CacheRecord => {
    const chainId = step.made ? step.layers.at(-1)?.chainId : undefined;
    return {
      id: step.key.slice('sha256:'.length),
      kind: 'step',
      description: step.title,
      size: chainId === undefined ? 0 : layering.sizeOf(chainId),
      inUse: chainId !== undefined && below.has(chainId),
      shared: chainId !== undefined && layering.isInImage(chainId),
      ...timesOf(step),
    };
  });
  const mounts = await Promise.all(caches.names().map((name) => mountRecord(caches, name)));
  return [...records, ...mounts];
}

const chainIdOf = ({ chainId }: { chainId: string }): string => chainId;
const timesOf = ({ created, used, uses }: StepRecord) => ({ created, used, uses });

async function mountRecord(caches: CacheDirectories, name: string): Promise<CacheRecord> {
  const { birthtimeMs, mtimeMs } = statSync(caches.path(name));
  return {
    id: name,
    kind: 'mount',
    description: `cache mount ${name}`,
    size: (await diskUsage(caches.path(name))).bytes,
    inUse: caches.isUsed(name),
    shared: false,
    created: Math.round(birthtimeMs),
    used: Math.round(mtimeMs),
    uses: 0,
  };
}
