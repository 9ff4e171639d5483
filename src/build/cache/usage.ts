/** What builds have left behind. */
import { statSync } from 'node:fs';
import { diskUsage } from '../../snapshots/usage.ts';
import type { KeptContext, KeptContexts } from '../context/kept.ts';
import type { CacheRecord } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import type { CacheDirectories } from '../steps/cache-directories.ts';
import type { StepRecord } from './store.ts';

export async function cacheUsage(
  { cache, layering }: Pick<BuildParts, 'cache' | 'layering'>,
  caches: CacheDirectories,
  contexts: Pick<KeptContexts, 'list'>,
): Promise<CacheRecord[]> {
  // The others take no space.
  const steps = cache.list().filter(({ made }) => made);
  const below = new Set(steps.flatMap((step) => step.layers.slice(0, -1).map(chainIdOf)));
  const records = steps.map((step): CacheRecord => {
    const chainId = step.layers.at(-1)?.chainId ?? '';
    return {
      id: recordId(step),
      kind: 'step',
      description: step.title,
      size: layering.sizeOf(chainId),
      inUse: below.has(chainId),
      shared: layering.isInImage(chainId),
      ...timesOf(step),
    };
  });
  const mounts = await Promise.all(caches.names().map((name) => mountRecord(caches, name)));
  return [...records, ...mounts, ...(await Promise.all(contexts.list().map(contextRecord)))];
}

const contextRecord = async ({ path, name, ...rest }: KeptContext): Promise<CacheRecord> => ({
  kind: 'context',
  description: `local source ${name}`,
  size: (await diskUsage(path)).bytes,
  shared: false,
  uses: 0,
  ...rest,
});

export const recordId = ({ key }: Pick<StepRecord, 'key'>): string => key.slice('sha256:'.length);

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
