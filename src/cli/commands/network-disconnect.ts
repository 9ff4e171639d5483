import type { NetworkDisconnectBody } from '../../api/types/networks.ts';
import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';
import { givenName, networkPath } from './network-path.ts';

export const command: Command = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  args: exactly(2),
  flags: [
    { name: 'force', short: 'f', type: 'bool', usage: 'Force the container to disconnect from a network' },
  ],
  async run({ args: [network = '', container = ''], flags, client }) {
    const path = networkPath(network, '/disconnect');
    const json: NetworkDisconnectBody = {
      Container: givenName('container', container),
      Force: flags.bool('force'),
    };
    await client.call('POST', path, { body: { json } });
    return exitCode.success;
  },
};
