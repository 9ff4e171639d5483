/** Columns of `volume ls`. */
import type { Volume } from '../../api/types/volumes.ts';
import { labels } from './container-view.ts';
import { shortSize } from './units.ts';
import type { View } from './view.ts';

export const volumeView: View<Volume> = {
  typeName: '*formatter.volumeContext',
  table: ['Driver', 'Name'],
  columns: [
    { name: 'Name', title: 'VOLUME NAME', value: (volume) => volume.Name },
    { name: 'Driver', title: 'DRIVER', value: (volume) => volume.Driver },
    { name: 'Scope', title: 'SCOPE', value: (volume) => volume.Scope },
    { name: 'Mountpoint', title: 'MOUNTPOINT', value: (volume) => volume.Mountpoint },
    { name: 'Labels', title: 'LABELS', value: (volume) => labels(volume.Labels) },
    {
      name: 'Links',
      title: 'LINKS',
      value: (volume) => (volume.UsageData ? String(volume.UsageData.RefCount) : 'N/A'),
    },
    {
      name: 'Size',
      title: 'SIZE',
      value: (volume) => (volume.UsageData ? shortSize(volume.UsageData.Size) : 'N/A'),
    },
    { name: 'Group', title: 'GROUP', value: () => 'N/A' },
    { name: 'Availability', title: 'AVAILABILITY', value: () => 'N/A' },
    { name: 'Status', title: 'STATUS', value: () => 'N/A' },
  ],
  methods: { Label: (volume, name) => volume.Labels?.[name] ?? '' },
};
