import type { SearchResult } from '../../api/types/registry.ts';
import { splitTerm } from '../../lib/registry-host.ts';
import { type Command, exactly } from '../command.ts';
import { registryAuth } from '../credentials/header.ts';
import { exitCode } from '../exit.ts';
import { filterFlag } from '../flags/common.ts';
import { filterQuery } from '../flags/filters.ts';
import { ellipsis } from '../format/units.ts';
import { printView, type View } from '../format/view.ts';

export const command: Command = {
  usage: '[OPTIONS] TERM',
  args: exactly(1),
  flags: [
    filterFlag('Filter output based on conditions provided', 'f'),
    { name: 'format', type: 'string', usage: 'Pretty-print search using a Go template' },
    { name: 'limit', type: 'int', usage: 'Max number of search results' },
    { name: 'no-trunc', type: 'bool', usage: "Don't truncate output" },
  ],
  async run({ args: [term = ''], flags, client, configDirectory }) {
    const results = await client.json<SearchResult[]>('GET', '/images/search', {
      query: {
        term,
        limit: flags.integer('limit') || undefined,
        filters: filterQuery(flags.list('filter')),
      },
      headers: await registryAuth(configDirectory, splitTerm(term).domain),
    });
    await printView(searchView(flags.bool('no-trunc')), results, flags.string('format'));
    return exitCode.success;
  },
};

function searchView(full: boolean): View<SearchResult> {
  const description = (text: string) => {
    const line = text.replace(/[\r\n]/g, ' ');
    return full ? line : ellipsis(line, 45);
  };
  return {
    typeName: '*registry.searchContext',
    table: ['Name', 'Description', 'StarCount', 'IsOfficial'],
    columns: [
      { name: 'Name', title: 'NAME', value: (result) => result.name },
      { name: 'Description', title: 'DESCRIPTION', value: (result) => description(result.description) },
      { name: 'StarCount', title: 'STARS', value: (result) => String(result.star_count) },
      {
        name: 'IsOfficial',
        title: 'OFFICIAL',
        value: (result) => (result.is_official ? '[OK]' : ''),
        json: (result) => String(result.is_official),
      },
    ],
  };
}
