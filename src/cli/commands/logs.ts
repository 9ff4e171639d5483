import type { ContainerInspect } from '../../api/types/containers.ts';
import { messageOf } from '../../lib/errors.ts';
import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { timestamp } from '../format/timestamp.ts';
import type { Client, Response } from '../http/client.ts';
import { Demultiplexer } from '../stream/demultiplex.ts';
import { writeErr, writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  args: exactly(1),
  flags: [
    { name: 'details', type: 'bool', usage: 'Show extra details provided to logs' },
    { name: 'follow', short: 'f', type: 'bool', usage: 'Follow log output' },
    {
      name: 'since',
      type: 'string',
      usage:
        'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    },
    {
      name: 'tail',
      short: 'n',
      type: 'string',
      usage: 'Number of lines to show from the end of the logs',
      default: 'all',
    },
    { name: 'timestamps', short: 't', type: 'bool', usage: 'Show timestamps' },
    {
      name: 'until',
      type: 'string',
      usage:
        'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    },
  ],
  async run({ args: [name = ''], flags, client }) {
    const response = await client.request('GET', `/containers/${name}/logs`, {
      query: {
        stdout: true,
        stderr: true,
        follow: flags.bool('follow'),
        timestamps: flags.bool('timestamps'),
        details: flags.bool('details'),
        since: moment('since', flags.string('since')),
        until: moment('until', flags.string('until')),
        tail: flags.string('tail'),
      },
    });
    const raw = await isRaw(response, name, client);
    const frames = new Demultiplexer((stream, data) =>
      stream === 'stdout' ? writeOut(data) : writeErr(data),
    );
    for await (const chunk of response.body) {
      if (raw) writeOut(chunk);
      else frames.push(chunk);
    }
    return exitCode.success;
  },
};

function moment(flag: string, text: string): string {
  try {
    return timestamp(text);
  } catch (error) {
    throw new ExitError(`invalid value for "${flag}": ${messageOf(error)}`);
  }
}

/** The content type tells (API 1.42); an older daemon is asked whether the container has a terminal. */
async function isRaw({ head }: Response, name: string, client: Client): Promise<boolean> {
  const type = head.headers.get('content-type') ?? '';
  if (type.includes('multiplexed-stream')) return false;
  return (await client.json<ContainerInspect>('GET', `/containers/${name}/json`)).Config.Tty;
}
