import type { ContainerSummary } from '../../api/types/containers.ts';
import type { ContainerStats } from '../../api/types/stats.ts';
import type { EventMessage } from '../../api/types/system.ts';
import { atLeast, type Command, type Invocation } from '../command.ts';
import { exitCode } from '../exit.ts';
import { tableFlag } from '../flags/common.ts';
import { type StatsRow, statsView } from '../format/stats-view.ts';
import { renderView } from '../format/view.ts';
import type { Client } from '../http/client.ts';
import { jsonLines } from '../stream/json-lines.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] [CONTAINER...]',
  args: atLeast(0),
  flags: [
    { name: 'all', short: 'a', type: 'bool', usage: 'Show all containers (default shows just running)' },
    tableFlag,
    { name: 'no-stream', type: 'bool', usage: 'Disable streaming stats and only pull the first result' },
    { name: 'no-trunc', type: 'bool', usage: 'Do not truncate output' },
  ],
  async run(invocation) {
    const { flags, client, config } = invocation;
    const format = flags.string('format') || ((await config()).statsFormat ?? '');
    const rows = await selected(invocation);
    const show = async () => renderView(statsView(flags.bool('no-trunc')), [...rows.values()], format);
    if (!flags.bool('no-stream')) return live(invocation, rows, show);
    await Promise.all([...rows.values()].map((row) => readOnce(client, row)));
    writeOut(await show());
    return exitCode.success;
  },
};

type Rows = Map<string, StatsRow>;

/** The containers named, or all that run (all at all with --all). */
async function selected({ args, flags, client }: Invocation): Promise<Rows> {
  if (args.length > 0) return new Map(args.map((asked) => [asked, { id: '', name: '', asked, stats: null }]));
  const list = await client.json<ContainerSummary[]>('GET', '/containers/json', {
    query: { all: flags.bool('all') },
  });
  return new Map(list.map((container) => [container.Id, rowOf(container.Id, container.Names?.[0] ?? '')]));
}

function rowOf(id: string, name: string): StatsRow {
  return { id, name: name.replace(/^\//, ''), asked: id.slice(0, 12), stats: null };
}

async function readOnce(client: Client, row: StatsRow): Promise<void> {
  const path = `/containers/${row.id || row.asked}/stats`;
  update(row, await client.json<ContainerStats>('GET', path, { query: { stream: '0' } }));
}

function update(row: StatsRow, stats: ContainerStats): void {
  row.id = stats.id || row.id;
  row.name = (stats.name ?? row.name).replace(/^\//, '');
  row.stats = stats.cpu_stats ? stats : null;
}

const refresh = 500;

/** One stream for each container, redrawn twice a second; containers that start or die come and go. */
async function live(invocation: Invocation, rows: Rows, show: () => Promise<string>): Promise<number> {
  const { client, args } = invocation;
  const streaming = new Set<string>();
  const begin = (key: string, row: StatsRow) => {
    if (streaming.has(key)) return;
    streaming.add(key);
    follow(client, row)
      .catch(() => undefined)
      .finally(() => {
        streaming.delete(key);
        if (!invocation.flags.bool('all')) rows.delete(key);
      });
  };
  if (args.length > 0) await Promise.all([...rows.values()].map((row) => readOnce(client, row)));
  for (const [key, row] of rows) begin(key, row);
  if (args.length === 0) watchStarts(client, rows, begin).catch(() => undefined);
  for (;;) {
    writeOut(`\x1b[H${(await show()).replaceAll('\n', '\x1b[K\n')}\x1b[J`);
    if (args.length > 0 && streaming.size === 0) return exitCode.success;
    await Bun.sleep(refresh);
  }
}

async function follow(client: Client, row: StatsRow): Promise<void> {
  const { body } = await client.request('GET', `/containers/${row.id || row.asked}/stats`, {
    query: { stream: true },
  });
  for await (const stats of jsonLines<ContainerStats>(body)) update(row, stats);
}

async function watchStarts(
  client: Client,
  rows: Rows,
  begin: (key: string, row: StatsRow) => void,
): Promise<void> {
  const filters = JSON.stringify({ type: { container: true }, event: { start: true } });
  const { body } = await client.request('GET', '/events', { query: { filters } });
  for await (const event of jsonLines<EventMessage>(body)) {
    const { ID: id, Attributes: attributes } = event.Actor;
    const row = rows.get(id) ?? rowOf(id, attributes.name ?? '');
    rows.set(id, row);
    begin(id, row);
  }
}
