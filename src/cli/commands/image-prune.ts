import type { ImageDeleteItem, ImagesPruneReport } from '../../api/types/images.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, forceFlag } from '../flags/common.ts';
import { confirmed, pruneQuery, report } from './prune.ts';

const danglingWarning = 'WARNING! This will remove all dangling images.';
const allWarning = 'WARNING! This will remove all images without at least one container associated to them.';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'all', short: 'a', type: 'bool', usage: 'Remove all unused images, not just dangling ones' },
    filterFlag('Provide filter values (e.g. "until=<timestamp>")'),
    forceFlag,
  ],
  async run({ flags, client }) {
    const all = flags.bool('all');
    if (!(await confirmed(flags, all ? allWarning : danglingWarning))) return exitCode.success;
    const query = pruneQuery(flags, [`dangling=${!all}`]);
    const done = await client.json<ImagesPruneReport>('POST', '/images/prune', { query });
    report('Deleted Images:', imageLines(done.ImagesDeleted), done.SpaceReclaimed);
    return exitCode.success;
  },
};

export function imageLines(items: readonly ImageDeleteItem[] | null | undefined): string[] {
  return (items ?? []).map((item) =>
    item.Untagged ? `untagged: ${item.Untagged}` : `deleted: ${item.Deleted ?? ''}`,
  );
}
