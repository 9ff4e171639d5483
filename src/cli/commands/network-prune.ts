import type { NetworksPruneReport } from '../../api/types/networks.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, forceFlag } from '../flags/common.ts';
import { confirmed, pruneQuery, report } from './prune.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [filterFlag('Provide filter values (e.g. "until=<timestamp>")'), forceFlag],
  async run({ flags, client }) {
    const warning = 'WARNING! This will remove all custom networks not used by at least one container.';
    if (!(await confirmed(flags, warning))) return exitCode.success;
    const done = await client.json<NetworksPruneReport>('POST', '/networks/prune', {
      query: pruneQuery(flags),
    });
    report('Deleted Networks:', done.NetworksDeleted);
    return exitCode.success;
  },
};
