import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { ApiError } from '../http/client.ts';
import { splitReference } from '../reference.ts';

export const command: Command = {
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  args: exactly(2),
  flags: [],
  async run({ args: [source = '', target = ''], client }) {
    try {
      await client.call('POST', `/images/${source}/tag`, { query: splitReference(target) });
    } catch (error) {
      if (!(error instanceof ApiError) || !error.reason.startsWith('invalid reference format')) throw error;
      const quoted = JSON.stringify(target);
      throw new ExitError(
        `Error parsing reference: ${quoted} is not a valid repository/tag: ${error.reason}`,
      );
    }
    return exitCode.success;
  },
};
