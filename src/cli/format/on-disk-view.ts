/** What gantry's daemon alone tells of its disk: the last part of `system df -v`. */
import type { OnDisk } from '../../engine/model.ts';
import { ApiError, type Client } from '../http/client.ts';
import { humanSize } from './units.ts';
import { renderView, type View } from './view.ts';

interface Row {
  what: string;
  count: number | null;
  bytes: number;
  remark: string;
}

const view: View<Row> = {
  typeName: 'onDisk',
  table: ['What', 'Count', 'Size', 'Remark'],
  columns: [
    { name: 'What', title: 'WHAT', value: ({ what }) => what },
    { name: 'Count', title: 'COUNT', value: ({ count }) => (count === null ? '' : String(count)) },
    { name: 'Size', title: 'ON DISK', value: ({ bytes }) => humanSize(bytes) },
    { name: 'Remark', title: 'REMARK', value: ({ remark }) => remark },
  ],
};

/** Nothing when the daemon is another: it knows no such path. */
export async function onDiskSection(client: Client): Promise<string> {
  try {
    const usage = await client.json<OnDisk>('GET', '/gantry/df');
    return `\nDisk usage of the data root:\n\n${await renderView(view, rows(usage), '')}`;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return '';
    throw error;
  }
}

function rows({ total, content, orphans, ...usage }: OnDisk): Row[] {
  const row = (what: string, { count, bytes }: { count: number; bytes: number }, remark = ''): Row => ({
    what,
    count,
    bytes,
    remark,
  });
  const thin = content.thin === 0 ? '' : `, ${content.thin} thin: ${humanSize(content.saved)} saved`;
  return [
    row('Content', content, `blobs of ${humanSize(content.size)}${thin}`),
    row('Layers', usage.layers),
    row('Containers', usage.containers),
    row('Logs', usage.logs),
    row('Volumes', usage.volumes),
    row('Build cache', usage.buildCache),
    row('Records', usage.records),
    row('Orphans', orphans, orphans.count === 0 ? '' : 'see gantry system fsck'),
    { what: 'Total', count: null, bytes: total, remark: '' },
  ];
}
