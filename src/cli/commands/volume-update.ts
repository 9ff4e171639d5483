import { between, type Command } from '../command.ts';
import { ExitError } from '../exit.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: '[OPTIONS] [VOLUME]',
  args: between(0, 1),
  description: 'Update a volume (cluster volumes only)',
  flags: [
    {
      name: 'availability',
      type: 'string',
      usage: 'Cluster Volume availability ("active", "pause", "drain")',
      default: 'active',
    },
  ],
  /** No volume of an engine without swarm is of the cluster. */
  async run({ args: [name = ''], client }) {
    await client.call('GET', volumePath(name));
    throw new ExitError('Can only update cluster volumes');
  },
};
