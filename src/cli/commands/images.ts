import type { ImageSummary } from '../../api/types/images.ts';
import { between, type Command } from '../command.ts';
import { exitCode } from '../exit.ts';
import { filterFlag, tableFlag } from '../flags/common.ts';
import { filterQuery } from '../flags/filters.ts';
import { type ImageRow, imageRows, imageView } from '../format/image-view.ts';
import { printView } from '../format/view.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  args: between(0, 1),
  flags: [
    { name: 'all', short: 'a', type: 'bool', usage: 'Show all images (default hides intermediate images)' },
    { name: 'digests', type: 'bool', usage: 'Show digests' },
    filterFlag('Filter output based on conditions provided', 'f'),
    tableFlag,
    { name: 'no-trunc', type: 'bool', usage: "Don't truncate output" },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Only show image IDs' },
    { name: 'tree', type: 'bool', usage: 'List multi-platform images as a tree (EXPERIMENTAL)' },
  ],
  async run({ args, flags, client, config }) {
    const filters = [...flags.list('filter'), ...(args[0] ? [`reference=${args[0]}`] : [])];
    const images = await client.json<ImageSummary[]>('GET', '/images/json', {
      query: { all: flags.bool('all'), filters: filterQuery(filters) },
    });
    const quiet = flags.bool('quiet');
    const full = flags.bool('no-trunc');
    const format = flags.string('format') || (quiet ? '' : ((await config()).imagesFormat ?? ''));
    const digests = flags.bool('digests');
    const rows = imageRows(images, digests || format.includes('.Digest'), digests);
    const view = imageView({ full, digests });
    if (quiet && flags.string('format') === '') writeOut(ids(rows, full));
    else await printView(view, rows, format);
    return exitCode.success;
  },
};

function ids(rows: readonly ImageRow[], full: boolean): string {
  return rows
    .map((row) => `${full ? row.image.Id : row.image.Id.replace(/^sha256:/, '').slice(0, 12)}\n`)
    .join('');
}
