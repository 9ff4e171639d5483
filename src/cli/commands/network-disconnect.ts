import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';

export const command: Command = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  args: exactly(2),
  flags: [
    { name: 'force', short: 'f', type: 'bool', usage: 'Force the container to disconnect from a network' },
  ],
  async run({ args: [network = '', Container = ''], flags, client }) {
    const json = { Container, Force: flags.bool('force') };
    await client.call('POST', `/networks/${network}/disconnect`, { body: { json } });
    return exitCode.success;
  },
};
