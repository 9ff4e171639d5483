import type { ContainersPruneReport } from '../../api/types/containers.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, forceFlag } from '../flags/common.ts';
import { confirmed, pruneQuery, report } from './prune.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [filterFlag('Provide filter values (e.g. "until=<timestamp>")'), forceFlag],
  async run({ flags, client }) {
    if (!(await confirmed(flags, 'WARNING! This will remove all stopped containers.')))
      return exitCode.success;
    const done = await client.json<ContainersPruneReport>('POST', '/containers/prune', {
      query: pruneQuery(flags),
    });
    report('Deleted Containers:', done.ContainersDeleted, done.SpaceReclaimed);
    return exitCode.success;
  },
};
