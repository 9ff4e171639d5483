/** The build cache as Docker's tables show it. */
import type { BuildCacheRecord } from '../../api/types/builds.ts';
import { ago, goTime, shortId, shortSize } from './units.ts';
import type { View } from './view.ts';

const seconds = (time: string) => Date.parse(time) / 1000;
const since = (time: string) => ago(Date.now() - Date.parse(time));

/** A record in use has a star. */
const idOf = ({ ID, InUse }: BuildCacheRecord) => shortId(ID) + (InUse ? '*' : '');

export const buildCacheView: View<BuildCacheRecord> = {
  typeName: '*formatter.buildCacheContext',
  table: ['ID', 'CacheType', 'Size', 'CreatedSince', 'LastUsedSince', 'UsageCount', 'Shared'],
  columns: [
    { name: 'ID', title: 'CACHE ID', value: idOf },
    { name: 'CacheType', title: 'CACHE TYPE', value: (record) => record.Type },
    { name: 'Size', title: 'SIZE', value: (record) => shortSize(record.Size) },
    { name: 'CreatedAt', title: 'CREATED AT', value: (record) => goTime(seconds(record.CreatedAt)) },
    { name: 'CreatedSince', title: 'CREATED', value: (record) => since(record.CreatedAt) },
    {
      name: 'LastUsedSince',
      title: 'LAST USED',
      value: ({ LastUsedAt }) => (LastUsedAt === null ? '' : since(LastUsedAt)),
    },
    { name: 'UsageCount', title: 'USAGE', value: (record) => String(record.UsageCount) },
    { name: 'Shared', title: 'SHARED', value: (record) => String(record.Shared) },
    { name: 'InUse', title: 'IN USE', value: (record) => String(record.InUse) },
    { name: 'Description', title: 'DESCRIPTION', value: (record) => record.Description },
  ],
};

/** Docker's order: used longest ago first. */
export function sortedCache(records: readonly BuildCacheRecord[]): BuildCacheRecord[] {
  const used = ({ LastUsedAt }: BuildCacheRecord) => (LastUsedAt === null ? 0 : Date.parse(LastUsedAt));
  return records.toSorted((a, b) => used(a) - used(b) || (a.ID < b.ID ? -1 : 1));
}

export interface CacheTotals {
  total: number;
  inUse: number;
  /** What images hold too. */
  shared: number;
  reclaimable: number;
  /** Without what is shared, which counts with the images. */
  own: number;
}

export function cacheTotals(records: readonly BuildCacheRecord[]): CacheTotals {
  const sum = (wanted: (record: BuildCacheRecord) => boolean) =>
    records.filter(wanted).reduce((bytes, { Size }) => bytes + Size, 0);
  return {
    total: sum(() => true),
    inUse: records.filter(({ InUse }) => InUse).length,
    shared: sum(({ Shared }) => Shared),
    own: sum(({ Shared }) => !Shared),
    reclaimable: sum(({ InUse, Shared }) => !InUse && !Shared),
  };
}
