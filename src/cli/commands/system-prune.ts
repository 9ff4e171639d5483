import type { BuildPruneReport } from '../../api/types/builds.ts';
import type { ContainersPruneReport } from '../../api/types/containers.ts';
import type { ImagesPruneReport } from '../../api/types/images.ts';
import type { NetworksPruneReport } from '../../api/types/networks.ts';
import type { VolumesPruneReport } from '../../api/types/volumes.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, forceFlag } from '../flags/common.ts';
import type { FlagValues } from '../flags/parse.ts';
import { imageLines } from './image-prune.ts';
import { confirmed, pruneQuery, report } from './prune.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'all', short: 'a', type: 'bool', usage: 'Remove all unused images not just dangling ones' },
    filterFlag('Provide filter values (e.g. "label=<key>=<value>")'),
    forceFlag,
    { name: 'volumes', type: 'bool', usage: 'Prune anonymous volumes' },
  ],
  async run({ flags, client }) {
    if (!(await confirmed(flags, warning(flags)))) return exitCode.success;
    const query = pruneQuery(flags);
    const containers = await client.json<ContainersPruneReport>('POST', '/containers/prune', { query });
    report('Deleted Containers:', containers.ContainersDeleted);
    const networks = await client.json<NetworksPruneReport>('POST', '/networks/prune', { query });
    report('Deleted Networks:', networks.NetworksDeleted);
    let space = containers.SpaceReclaimed;
    if (flags.bool('volumes')) {
      const volumes = await client.json<VolumesPruneReport>('POST', '/volumes/prune', { query });
      report('Deleted Volumes:', volumes.VolumesDeleted);
      space += volumes.SpaceReclaimed;
    }
    const images = await client.json<ImagesPruneReport>('POST', '/images/prune', {
      query: pruneQuery(flags, [`dangling=${!flags.bool('all')}`]),
    });
    report('Deleted Images:', imageLines(images.ImagesDeleted));
    const cache = await client.json<BuildPruneReport>('POST', '/build/prune', {
      query: { all: flags.bool('all'), ...query },
    });
    space += images.SpaceReclaimed + cache.SpaceReclaimed;
    report('Deleted build cache objects:', cache.CachesDeleted, space);
    return exitCode.success;
  },
};

function warning(flags: FlagValues): string {
  const images = flags.bool('all')
    ? 'all images without at least one container associated to them'
    : 'all dangling images';
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(flags.bool('volumes') ? ['all anonymous volumes not used by at least one container'] : []),
    images,
    flags.bool('all') ? 'all build cache' : 'unused build cache',
  ];
  return `WARNING! This will remove:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
}
