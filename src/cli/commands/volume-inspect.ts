import { atLeast, type Command } from '../command.ts';
import { shortTemplateFlag } from '../flags/common.ts';
import { inspectAll } from '../format/inspect.ts';

export const command: Command = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  args: atLeast(1),
  flags: [shortTemplateFlag],
  run: ({ args, flags, client }) =>
    inspectAll(args, flags.string('format'), async (name) =>
      inOrder(await client.json<Record<string, unknown>>('GET', `/volumes/${name}`)),
    ),
};

const order = [
  'ClusterVolume',
  'CreatedAt',
  'Driver',
  'Labels',
  'Mountpoint',
  'Name',
  'Options',
  'Scope',
  'Status',
];

/** Volumes alone are shown in the order of Docker's own type, not in the daemon's. */
function inOrder(volume: Record<string, unknown>): string {
  const known = order.filter((key) => key in volume);
  const pairs = known.map((key) => [key, volume[key]]);
  const usage = volume.UsageData as { RefCount: number; Size: number } | undefined;
  if (usage) pairs.push(['UsageData', { RefCount: usage.RefCount, Size: usage.Size }]);
  return JSON.stringify(Object.fromEntries(pairs));
}
