import type { GcReport } from '../../engine/model.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { humanSize, shortId } from '../format/units.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'dry-run', type: 'bool', usage: 'Say what would be removed, and remove nothing' },
    { name: 'high', type: 'string', usage: 'From which use on images are removed, such as 85% or 200GB' },
    { name: 'low', type: 'string', usage: 'Until which use (default as high)' },
    { name: 'min-age', type: 'string', usage: 'Keep images that are younger, such as 24h' },
    { name: 'keep', type: 'list', usage: 'Keep images by label=KEY[=VALUE] or reference=PATTERN' },
  ],
  async run({ flags, client }) {
    const dryRun = flags.bool('dry-run');
    const report = await client.json<GcReport>('POST', '/gantry/gc', { query: query(flags) });
    if (report.used <= report.high) {
      writeOut(`Nothing to do: ${humanSize(report.used)} in use, the limit is ${humanSize(report.high)}\n`);
      return exitCode.success;
    }
    for (const { id, names, bytes } of report.removed)
      writeOut(`${dryRun ? 'Would remove' : 'Removed'}: ${names[0] ?? shortId(id)} (${humanSize(bytes)})\n`);
    writeOut(`Total ${dryRun ? 'reclaimable' : 'reclaimed'} space: ${humanSize(report.reclaimed)}\n`);
    return exitCode.success;
  },
};

/** What is not given is the daemon's. */
function query(flags: FlagValues): Record<string, string | boolean | readonly string[]> {
  const given = (['high', 'low', 'min-age'] as const).filter((name) => flags.string(name) !== '');
  return {
    'dry-run': flags.bool('dry-run'),
    ...Object.fromEntries(given.map((name) => [name, flags.string(name)])),
    keep: flags.list('keep'),
  };
}
