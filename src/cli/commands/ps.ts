import type { ContainerSummary } from '../../api/types/containers.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, tableFlag } from '../flags/common.ts';
import { filterQuery } from '../flags/filters.ts';
import { containerView } from '../format/container-view.ts';
import { printView, renderView } from '../format/view.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'all', short: 'a', type: 'bool', usage: 'Show all containers (default shows just running)' },
    filterFlag('Filter output based on conditions provided', 'f'),
    tableFlag,
    {
      name: 'last',
      short: 'n',
      type: 'int',
      usage: 'Show n last created containers (includes all states)',
      default: '-1',
    },
    {
      name: 'latest',
      short: 'l',
      type: 'bool',
      usage: 'Show the latest created container (includes all states)',
    },
    { name: 'no-trunc', type: 'bool', usage: "Don't truncate output" },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Only display container IDs' },
    { name: 'size', short: 's', type: 'bool', usage: 'Display total file sizes' },
  ],
  async run({ flags, client, config }) {
    const format = flags.string('format') || (flags.bool('quiet') ? '' : ((await config()).psFormat ?? ''));
    const full = flags.bool('no-trunc');
    const view = containerView({ full, size: flags.bool('size') });
    // Docker runs the template once before it asks: mistakes are told, and the use of the size is seen.
    if (format.includes('{{')) await renderView(view, [nobody], format);
    const size = flags.bool('size') || /\.Size\b|json \./.test(format);
    const last = flags.bool('latest') ? 1 : flags.integer('last');
    const containers = await client.json<ContainerSummary[]>('GET', '/containers/json', {
      query: {
        all: flags.bool('all'),
        limit: last > 0 ? last : undefined,
        size,
        filters: filterQuery(flags.list('filter')),
      },
    });
    if (flags.bool('quiet') && flags.string('format') === '') {
      writeOut(
        containers.map((container) => `${full ? container.Id : container.Id.slice(0, 12)}\n`).join(''),
      );
      return exitCode.success;
    }
    await printView(view, containers, format);
    return exitCode.success;
  },
};

const nobody: ContainerSummary = {
  Id: '',
  Names: [],
  Image: '',
  ImageID: '',
  Command: '',
  Created: 0,
  Ports: [],
  Labels: {},
  State: 'created',
  Status: '',
  HostConfig: { NetworkMode: '' },
  NetworkSettings: { Networks: {} },
  Mounts: [],
};
