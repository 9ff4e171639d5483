import type { Volume, VolumeList } from '../../api/types/volumes.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, tableFlag } from '../flags/common.ts';
import { filterQuery } from '../flags/filters.ts';
import { naturalOrder } from '../format/natural.ts';
import { printView } from '../format/view.ts';
import { volumeView } from '../format/volume-view.ts';
import { writeErr, writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    {
      name: 'cluster',
      type: 'bool',
      usage: 'Display only cluster volumes, and use cluster volume list formatting',
    },
    filterFlag('Provide filter values (e.g. "dangling=true")', 'f'),
    tableFlag,
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Only display volume names' },
  ],
  async run({ flags, client, config }) {
    const list = await client.json<VolumeList>('GET', '/volumes', {
      query: { filters: filterQuery(flags.list('filter')) },
    });
    const volumes = [...(list.Volumes ?? [])].sort(byName);
    const quiet = flags.bool('quiet');
    const format = flags.string('format') || (quiet ? '' : ((await config()).volumesFormat ?? ''));
    if (quiet && flags.string('format') === '') for (const volume of volumes) writeLine(volume.Name);
    else await printView(volumeView, volumes, format);
    for (const warning of list.Warnings ?? []) writeErr(`${warning}\n`);
    return exitCode.success;
  },
};

function byName(a: Volume, b: Volume): number {
  return naturalOrder(a.Name, b.Name);
}
