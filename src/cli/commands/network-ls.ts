import type { Network } from '../../api/types/networks.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, tableFlag } from '../flags/common.ts';
import { filterQuery } from '../flags/filters.ts';
import { naturalOrder } from '../format/natural.ts';
import { networkView } from '../format/network-view.ts';
import { printView } from '../format/view.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    filterFlag('Provide filter values (e.g. "driver=bridge")', 'f'),
    tableFlag,
    { name: 'no-trunc', type: 'bool', usage: 'Do not truncate the output' },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Only display network IDs' },
  ],
  async run({ flags, client, config }) {
    const networks = await client.json<Network[]>('GET', '/networks', {
      query: { filters: filterQuery(flags.list('filter')) },
    });
    networks.sort((a, b) => naturalOrder(a.Name, b.Name));
    const quiet = flags.bool('quiet');
    const full = flags.bool('no-trunc');
    const format = flags.string('format') || (quiet ? '' : ((await config()).networksFormat ?? ''));
    if (quiet && flags.string('format') === '')
      for (const network of networks) writeLine(full ? network.Id : network.Id.slice(0, 12));
    else await printView(networkView(full), networks, format);
    return exitCode.success;
  },
};
