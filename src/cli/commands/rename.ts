import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { ApiError } from '../http/client.ts';

export const command: Command = {
  usage: 'CONTAINER NEW_NAME',
  args: exactly(2),
  flags: [],
  async run({ args: [container = '', name = ''], client }) {
    const [from, to] = [container.trim(), name.trim()];
    if (from === '' || to === '') throw new ExitError('Error: Neither old nor new names may be empty');
    try {
      await client.call('POST', `/containers/${from}/rename`, { query: { name: to } });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new ExitError(`${error.message}\nError: failed to rename container named ${from}`);
    }
    return exitCode.success;
  },
};
