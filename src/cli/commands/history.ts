import type { ImageHistoryItem } from '../../api/types/images.ts';
import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';
import { tableFlag } from '../flags/common.ts';
import { ago, ellipsis, shortId, shortSize } from '../format/units.ts';
import { printView, type View } from '../format/view.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] IMAGE',
  args: exactly(1),
  flags: [
    tableFlag,
    {
      name: 'human',
      short: 'H',
      type: 'bool',
      usage: 'Print sizes and dates in human readable format',
      default: 'true',
    },
    { name: 'no-trunc', type: 'bool', usage: "Don't truncate output" },
    {
      name: 'platform',
      type: 'string',
      usage: 'Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Only show image IDs' },
  ],
  async run({ args: [image = ''], flags, client }) {
    const items = await client.json<ImageHistoryItem[]>('GET', `/images/${image}/history`, {
      query: { platform: flags.string('platform') },
    });
    const full = flags.bool('no-trunc');
    const view = historyView(full, flags.bool('human'));
    if (flags.bool('quiet') && flags.string('format') === '')
      for (const item of items) writeLine(full ? item.Id : shortId(item.Id));
    else await printView(view, items, flags.string('format'));
    return exitCode.success;
  },
};

function historyView(full: boolean, human: boolean): View<ImageHistoryItem> {
  const createdAt = (item: ImageHistoryItem) =>
    new Date(item.Created * 1000).toISOString().replace('.000Z', 'Z');
  return {
    typeName: '*formatter.HistoryContext',
    table: human
      ? ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment']
      : ['ID', 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
    columns: [
      { name: 'ID', title: 'IMAGE', value: (item) => (full ? item.Id : shortId(item.Id)) },
      {
        name: 'CreatedSince',
        title: 'CREATED',
        value: (item) => (human ? since(item.Created) : createdAt(item)),
      },
      { name: 'CreatedAt', title: 'CREATED AT', value: (item) => createdAt(item) },
      { name: 'CreatedBy', title: 'CREATED BY', value: (item) => createdBy(item, full) },
      { name: 'Size', title: 'SIZE', value: (item) => (human ? shortSize(item.Size) : String(item.Size)) },
      { name: 'Comment', title: 'COMMENT', value: (item) => item.Comment },
    ],
  };
}

function since(created: number): string {
  return created <= 0 ? 'N/A' : ago(Date.now() - created * 1000);
}

function createdBy(item: ImageHistoryItem, full: boolean): string {
  const text = item.CreatedBy.replaceAll('\t', ' ');
  return full ? text : ellipsis(text, 45);
}
