import type { VolumesPruneReport } from '../../api/types/volumes.ts';
import { type Command, noArguments } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { filterFlag, forceFlag } from '../flags/common.ts';
import { confirmed, pruneQuery, report } from './prune.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'all', short: 'a', type: 'bool', usage: 'Remove all unused volumes, not just anonymous ones' },
    filterFlag('Provide filter values (e.g. "label=<label>")'),
    forceFlag,
  ],
  async run({ flags, client }) {
    const all = flags.bool('all');
    const filters = flags.list('filter');
    if (all && filters.some((filter) => filter.startsWith('all=')))
      throw new ExitError('conflicting options: cannot specify both --all and --filter all=1');
    const kind = all ? 'local volumes' : 'anonymous local volumes';
    const warning = `WARNING! This will remove ${all ? 'all ' : ''}${kind} not used by at least one container.`;
    if (!(await confirmed(flags, warning))) return exitCode.success;
    const query = pruneQuery(flags, all ? ['all=true'] : []);
    const done = await client.json<VolumesPruneReport>('POST', '/volumes/prune', { query });
    report('Deleted Volumes:', done.VolumesDeleted, done.SpaceReclaimed);
    return exitCode.success;
  },
};
