import type { EventMessage } from '../../api/types/system.ts';
import { type Command, noArguments } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { filterFlag, templateFlag } from '../flags/common.ts';
import { filterQuery } from '../flags/filters.ts';
import { parseExact } from '../format/json.ts';
import { timestamp } from '../format/timestamp.ts';
import { textLines } from '../stream/json-lines.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    filterFlag('Filter output based on conditions provided', 'f'),
    templateFlag,
    { name: 'since', type: 'string', usage: 'Show all events created since timestamp' },
    { name: 'until', type: 'string', usage: 'Stream events until this timestamp' },
  ],
  async run({ flags, client }) {
    const show = await formatter(flags.string('format'));
    const { body } = await client.request('GET', '/events', {
      query: {
        since: timestamp(flags.string('since')),
        until: timestamp(flags.string('until')),
        filters: filterQuery(flags.list('filter')),
      },
    });
    for await (const line of textLines(body)) writeLine(show(line));
    return exitCode.success;
  },
};

/** `timeNano` is beyond what a number holds exactly. */
type Event = Omit<EventMessage, 'timeNano'> & { timeNano: number | bigint };

async function formatter(format: string): Promise<(line: string) => string> {
  const parse = (line: string) => parseExact(line) as Event;
  if (format === '') return (line) => eventText(parse(line));
  if (format === 'json') return (line) => line;
  const { compile, render } = await import('../template/template.ts');
  const { lookupField } = await import('../format/zero-values.ts');
  try {
    const template = compile(format);
    return (line) => render(template, withGoNames(parse(line)), { lookup: lookupField });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExitError(
      `Error parsing format: ${reason.replace(/^template parsing error: /, '')}`,
      exitCode.badTemplate,
    );
  }
}

/** Templates know the deprecated fields as well, whatever the daemon sends. */
function withGoNames(event: Event): Record<string, unknown> {
  const { status = event.Action, id = event.Actor.ID, from = event.Actor.Attributes.image ?? '' } = event;
  return {
    ...event,
    Status: status,
    ID: id,
    From: from,
    Time: event.time,
    TimeNano: event.timeNano,
    Scope: event.scope,
  };
}

function eventText(event: Event): string {
  const attributes = Object.entries(event.Actor.Attributes ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  const details = attributes.length > 0 ? ` (${attributes.join(', ')})` : '';
  return `${localTime(event)} ${event.Type} ${event.Action} ${event.Actor.ID}${details}`;
}

/** RFC 3339 with nanoseconds in the local zone. */
function localTime({ time, timeNano }: Event): string {
  const date = new Date(time * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone =
    offset === 0
      ? 'Z'
      : `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const nanos = String(timeNano ? BigInt(timeNano) % 1_000_000_000n : 0n).padStart(9, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${nanos}${zone}`;
}
