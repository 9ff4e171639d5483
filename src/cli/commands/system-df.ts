import type { BuildCacheRecord } from '../../api/types/builds.ts';
import type { ContainerSummary } from '../../api/types/containers.ts';
import type { ImageSummary } from '../../api/types/images.ts';
import type { DiskUsage } from '../../api/types/system.ts';
import type { Volume } from '../../api/types/volumes.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { tableFlag } from '../flags/common.ts';
import { buildCacheView, cacheTotals, sortedCache } from '../format/build-cache-view.ts';
import { containerView } from '../format/container-view.ts';
import { type ImageRow, imageRows, imageView } from '../format/image-view.ts';
import { onDiskSection } from '../format/on-disk-view.ts';
import { humanSize, shortSize } from '../format/units.ts';
import { printView, renderView, type View } from '../format/view.ts';
import { volumeView } from '../format/volume-view.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    tableFlag,
    { name: 'verbose', short: 'v', type: 'bool', usage: 'Show detailed information on space usage' },
  ],
  async run({ flags, client }) {
    const usage = await client.json<DiskUsage>('GET', '/system/df');
    if (flags.bool('verbose')) writeOut((await verbose(usage)) + (await onDiskSection(client)));
    else await printView(usageView, summary(usage), flags.string('format'));
    return exitCode.success;
  },
};

interface UsageRow {
  type: string;
  total: number;
  active: number;
  size: number;
  reclaimable: number;
  /** Shown as a share of the size. */
  share: boolean;
}

const usageView: View<UsageRow> = {
  typeName: '*formatter.diskUsageContext',
  table: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
  columns: [
    { name: 'Type', title: 'TYPE', value: (row) => row.type },
    { name: 'TotalCount', title: 'TOTAL', value: (row) => String(row.total) },
    { name: 'Active', title: 'ACTIVE', value: (row) => String(row.active) },
    { name: 'Size', title: 'SIZE', value: (row) => humanSize(row.size) },
    { name: 'Reclaimable', title: 'RECLAIMABLE', value: reclaimable },
  ],
};

function reclaimable(row: UsageRow): string {
  const size = humanSize(row.reclaimable);
  return row.share && row.size > 0 ? `${size} (${Math.trunc((row.reclaimable * 100) / row.size)}%)` : size;
}

function summary(usage: DiskUsage): UsageRow[] {
  return [
    imagesUsage(usage.Images ?? [], usage.LayersSize),
    containersUsage(usage.Containers ?? []),
    volumesUsage(usage.Volumes ?? []),
    cacheUsage(usage.BuildCache ?? []),
  ];
}

function cacheUsage(records: readonly BuildCacheRecord[]): UsageRow {
  const { inUse, own, reclaimable } = cacheTotals(records);
  return { type: 'Build Cache', total: records.length, active: inUse, size: own, reclaimable, share: false };
}

function imagesUsage(images: readonly ImageSummary[], size: number): UsageRow {
  const used = images.filter((image) => image.Containers > 0);
  // Images that no container is known to use are reclaimable; an unknown count (-1) counts as used, unknown sizes as nothing.
  const kept = images
    .filter((image) => image.Containers !== 0 && image.Size !== -1 && image.SharedSize !== -1)
    .reduce((sum, image) => sum + image.Size - image.SharedSize, 0);
  return {
    type: 'Images',
    total: images.length,
    active: used.length,
    size,
    reclaimable: size - kept,
    share: true,
  };
}

const activeStates: ReadonlySet<string> = new Set(['running', 'paused', 'restarting']);

function containersUsage(containers: readonly ContainerSummary[]): UsageRow {
  const total = (list: readonly ContainerSummary[]) => list.reduce((sum, one) => sum + (one.SizeRw ?? 0), 0);
  const active = containers.filter((one) => activeStates.has(one.State));
  const idle = containers.filter((one) => !activeStates.has(one.State));
  return {
    type: 'Containers',
    total: containers.length,
    active: active.length,
    size: total(containers),
    reclaimable: total(idle),
    share: true,
  };
}

function volumesUsage(volumes: readonly Volume[]): UsageRow {
  const size = (volume: Volume) => Math.max(0, volume.UsageData?.Size ?? 0);
  const used = volumes.filter((volume) => (volume.UsageData?.RefCount ?? 0) > 0);
  const idle = volumes.filter((volume) => volume.UsageData?.RefCount === 0);
  const total = (list: readonly Volume[]) => list.reduce((sum, volume) => sum + size(volume), 0);
  return {
    type: 'Local Volumes',
    total: volumes.length,
    active: used.length,
    size: total(volumes),
    reclaimable: total(idle),
    share: true,
  };
}

/** One row for each image, under its first name. */
function firstName(image: ImageSummary): ImageRow {
  const [row] = imageRows(
    [{ ...image, RepoTags: image.RepoTags?.slice(0, 1) ?? [], RepoDigests: [] }],
    false,
    false,
  );
  return row ?? { image, repository: '<none>', tag: '<none>', digest: '' };
}

async function verbose(usage: DiskUsage): Promise<string> {
  const images = { ...imageView({ full: false, digests: false }) };
  images.table = [
    'Repository',
    'Tag',
    'ID',
    'CreatedSince',
    'Size',
    'SharedSize',
    'UniqueSize',
    'Containers',
  ];
  const containers = { ...containerView({ full: false, size: true }) };
  containers.table = ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'];
  containers.columns = containers.columns.map((column) =>
    column.name === 'Size'
      ? { ...column, value: (one: ContainerSummary) => shortSize(one.SizeRw ?? 0) }
      : column,
  );
  const cache = usage.BuildCache ?? [];
  const volumes = { ...volumeView, table: ['Name', 'Links', 'Size'] };
  return [
    `Images space usage:\n\n${await renderView(images, (usage.Images ?? []).map(firstName), '')}`,
    `Containers space usage:\n\n${await renderView(containers, usage.Containers ?? [], '')}`,
    `Local Volumes space usage:\n\n${await renderView(volumes, usage.Volumes ?? [], '')}`,
    `Build cache usage: ${humanSize(cacheTotals(cache).own)}\n\n${await renderView(buildCacheView, sortedCache(cache), '')}`,
  ].join('\n');
}
