import { between, type Command } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { ApiError, type Query } from '../http/client.ts';
import { splitReference } from '../reference.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  args: between(1, 2),
  flags: [
    {
      name: 'author',
      short: 'a',
      type: 'string',
      usage: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
    },
    { name: 'change', short: 'c', type: 'list', usage: 'Apply Dockerfile instruction to the created image' },
    { name: 'message', short: 'm', type: 'string', usage: 'Commit message' },
    {
      name: 'pause',
      short: 'p',
      type: 'bool',
      default: 'true',
      usage: 'Pause container during commit',
    },
    { name: 'no-pause', type: 'bool', usage: 'Disable pausing container during commit', hidden: true },
  ],
  async run({ args: [container = '', reference = ''], flags, client }) {
    if (reference.includes('@')) throw new ExitError('refusing to create a tag with a digest reference');
    const query: Query = {
      container,
      ...(reference !== '' && splitReference(reference)),
      author: flags.string('author'),
      comment: flags.string('message'),
      changes: flags.list('change'),
      pause: flags.bool('pause') && !flags.bool('no-pause') ? '' : '0',
    };
    try {
      const { Id } = await client.json<{ Id: string }>('POST', '/commit', { query });
      writeLine(Id);
    } catch (error) {
      // docker looks at the name before it sends anything, and says so in its own words.
      if (!(error instanceof ApiError) || !error.reason.startsWith('invalid reference format')) throw error;
      throw new ExitError(error.reason);
    }
    return exitCode.success;
  },
};
