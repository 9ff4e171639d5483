import type { BuildPruneReport } from '../../api/types/builds.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, forceFlag } from '../flags/common.ts';
import type { Flag } from '../flags/flag.ts';
import type { FlagValues } from '../flags/parse.ts';
import { confirmed, pruneQuery, report } from './prune.ts';

const spaceFlags: readonly Flag[] = [
  { name: 'keep-storage', type: 'bytes', usage: 'Amount of disk space to keep for cache' },
  { name: 'max-used-space', type: 'bytes', usage: 'Maximum amount of disk space allowed to keep for cache' },
  { name: 'min-free-space', type: 'bytes', usage: 'Target amount of free disk space after pruning' },
  { name: 'reserved-space', type: 'bytes', usage: 'Amount of disk space always allowed to keep for cache' },
];

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'all', short: 'a', type: 'bool', usage: 'Remove all unused build cache, not just dangling ones' },
    filterFlag('Provide filter values (e.g. "until=24h")'),
    forceFlag,
    ...spaceFlags,
    { name: 'verbose', type: 'bool', usage: 'Provide a more verbose output', hidden: true },
    { name: 'builder', type: 'string', usage: 'Override the configured builder instance', hidden: true },
  ],
  async run({ flags, client }) {
    const which = flags.bool('all') ? 'all build cache' : 'all dangling build cache';
    if (!(await confirmed(flags, `WARNING! This will remove ${which}.`, ' '))) return exitCode.success;
    const done = await client.json<BuildPruneReport>('POST', '/build/prune', { query: pruning(flags) });
    report('Deleted build cache objects:', done.CachesDeleted);
    report('', null, done.SpaceReclaimed);
    return exitCode.success;
  },
};

function pruning(flags: FlagValues) {
  const bytes = spaceFlags.filter(({ name }) => flags.bytes(name) > 0);
  return {
    all: flags.bool('all'),
    ...pruneQuery(flags),
    ...Object.fromEntries(bytes.map(({ name }) => [name, flags.bytes(name)])),
  };
}
