import type { ContainerUpdateBody, ContainerUpdateResponse } from '../../api/types/containers.ts';
import { atLeast, type Command } from '../command.ts';
import { parsePorts, parseUnpublished } from '../create/ports.ts';
import { commonResources } from '../create/resources.ts';
import { parseRestartPolicy } from '../create/restart.ts';
import { checkMemorySwap } from '../create/validators.ts';
import { ExitError } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { writeLine } from '../terminal/output.ts';
import { forEach } from './each.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [
    {
      name: 'blkio-weight',
      type: 'uint16',
      usage: 'Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)',
    },
    { name: 'cpu-period', type: 'int', usage: 'Limit CPU CFS (Completely Fair Scheduler) period' },
    { name: 'cpu-quota', type: 'int', usage: 'Limit CPU CFS (Completely Fair Scheduler) quota' },
    { name: 'cpu-rt-period', type: 'int', usage: 'Limit the CPU real-time period in microseconds' },
    { name: 'cpu-rt-runtime', type: 'int', usage: 'Limit the CPU real-time runtime in microseconds' },
    { name: 'cpu-shares', short: 'c', type: 'int', usage: 'CPU shares (relative weight)' },
    { name: 'cpus', type: 'decimal', usage: 'Number of CPUs' },
    { name: 'cpuset-cpus', type: 'string', usage: 'CPUs in which to allow execution (0-3, 0,1)' },
    { name: 'cpuset-mems', type: 'string', usage: 'MEMs in which to allow execution (0-3, 0,1)' },
    { name: 'memory', short: 'm', type: 'bytes', usage: 'Memory limit' },
    { name: 'memory-reservation', type: 'bytes', usage: 'Memory soft limit' },
    {
      name: 'memory-swap',
      type: 'bytes',
      usage: 'Swap limit equal to memory plus swap: -1 to enable unlimited swap',
      check: checkMemorySwap,
    },
    { name: 'pids-limit', type: 'int', usage: 'Tune container pids limit (set -1 for unlimited)' },
    {
      name: 'publish-add',
      type: 'list',
      usage: "Publish a container's port(s) to the host, without a restart",
    },
    { name: 'publish-rm', type: 'list', usage: 'Publish port(s) no more, without a restart' },
    { name: 'restart', type: 'string', usage: 'Restart policy to apply when a container exits' },
  ],
  async run({ args, flags, client }) {
    const body = bodyOf(flags);
    if (Object.keys(body).length === 0)
      throw new ExitError('you must provide one or more flags when using this command');
    const warnings: string[] = [];
    const code = await forEach(args, async (name) => {
      const { Warnings } = await client.json<ContainerUpdateResponse>('POST', `/containers/${name}/update`, {
        body: { json: body },
      });
      warnings.push(...(Warnings ?? []));
      return name;
    });
    for (const warning of warnings) writeLine(warning);
    return code;
  },
};

/** Only what was given. */
function bodyOf(flags: FlagValues): ContainerUpdateBody {
  const { bindings } = parsePorts(flags.list('publish-add'), []);
  return {
    ...commonResources(flags),
    ...(flags.changed('restart') ? { RestartPolicy: parseRestartPolicy(flags.string('restart')) } : {}),
    ...(flags.changed('publish-add') ? { PublishAdd: bindings } : {}),
    ...(flags.changed('publish-rm') ? { PublishRemove: parseUnpublished(flags.list('publish-rm')) } : {}),
  };
}
