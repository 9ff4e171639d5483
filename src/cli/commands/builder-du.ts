import type { BuildCacheRecord } from '../../api/types/builds.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag } from '../flags/common.ts';
import { parseFilters } from '../flags/filters.ts';
import { cacheTotals, sortedCache } from '../format/build-cache-view.ts';
import { layout } from '../format/table.ts';
import { ago, goTime, humanSize } from '../format/units.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    filterFlag('Provide filter values'),
    { name: 'verbose', type: 'bool', usage: 'Shorthand for "--format=pretty"' },
    { name: 'builder', type: 'string', usage: 'Override the configured builder instance', hidden: true },
  ],
  async run({ flags, client }) {
    const { BuildCache } = await client.json<{ BuildCache: BuildCacheRecord[] | null }>('GET', '/system/df', {
      query: { type: 'build-cache' },
    });
    const records = sortedCache(BuildCache ?? [])
      .reverse()
      .filter(matching(flags.list('filter')));
    writeOut(
      flags.bool('verbose') ? records.map((record) => `${details(record)}\n`).join('') : table(records),
    );
    writeOut(totals(records));
    return exitCode.success;
  },
};

/** Those that are facts of a record; others let everything pass. */
function matching(given: readonly string[]): (record: BuildCacheRecord) => boolean {
  const filters = parseFilters(given);
  const fields: Record<string, (record: BuildCacheRecord) => string> = {
    id: ({ ID }) => ID,
    type: ({ Type }) => Type,
    description: ({ Description }) => Description,
    inuse: ({ InUse }) => String(InUse),
    shared: ({ Shared }) => String(Shared),
    private: ({ Shared }) => String(!Shared),
  };
  return (record) =>
    Object.entries(filters).every(([key, values]) => {
      const field = fields[key];
      if (field === undefined) throw new Error(`invalid filter '${key}'`);
      return Object.keys(values).some((value) => field(record) === (value === '' ? 'true' : value));
    });
}

/** buildx's: what can be reclaimed, and a star where it cannot. */
function table(records: readonly BuildCacheRecord[]): string {
  const rows = records.map((record) => [
    record.ID + (record.InUse ? '*' : ''),
    String(!record.InUse),
    humanSize(record.Size) + (record.Shared ? '*' : ''),
    record.LastUsedAt === null ? '' : ago(Date.now() - Date.parse(record.LastUsedAt)),
  ]);
  return layout([['ID', 'RECLAIMABLE', 'SIZE', 'LAST ACCESSED'], ...rows], 8, 2);
}

const seconds = (time: string) => Date.parse(time) / 1000;

function details(record: BuildCacheRecord): string {
  const rows = [
    ['ID:', record.ID],
    ['Created at:', goTime(seconds(record.CreatedAt))],
    ['Reclaimable:', String(!record.InUse)],
    ['Shared:', String(record.Shared)],
    ['Size:', humanSize(record.Size)],
    ...(record.Description === '' ? [] : [['Description:', record.Description]]),
    ['Usage count:', String(record.UsageCount)],
    ...(record.LastUsedAt === null ? [] : [['Last used:', goTime(seconds(record.LastUsedAt))]]),
    ['Type:', record.Type],
  ];
  return layout(rows, 16, 2);
}

function totals(records: readonly BuildCacheRecord[]): string {
  const { total, shared, own, reclaimable } = cacheTotals(records);
  const parts =
    shared > 0
      ? [
          ['Shared:', humanSize(shared)],
          ['Private:', humanSize(own)],
        ]
      : [];
  return layout([...parts, ['Reclaimable:', humanSize(reclaimable)], ['Total:', humanSize(total)]], 8, 2);
}
