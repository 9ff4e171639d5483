import type { Volume } from '../../api/types/volumes.ts';
import { between, type Command } from '../command.ts';
import { pairsToMap } from '../create/files.ts';
import { checkLabel } from '../create/validators.ts';
import { ExitError, exitCode } from '../exit.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] [VOLUME]',
  args: between(0, 1),
  flags: [
    { name: 'driver', short: 'd', type: 'string', usage: 'Specify volume driver name', default: 'local' },
    { name: 'label', type: 'list', usage: 'Set metadata for a volume', check: checkLabel },
    { name: 'opt', short: 'o', type: 'map', usage: 'Set driver specific options', default: 'map[]' },
    { name: 'name', type: 'string', usage: 'Specify volume name', hidden: true },
  ],
  async run({ args: [name], flags, client }) {
    if (name !== undefined && flags.changed('name'))
      throw new ExitError(
        'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
      );
    const volume = await client.json<Volume>('POST', '/volumes/create', {
      body: {
        json: {
          Name: name ?? flags.string('name'),
          Driver: flags.string('driver'),
          DriverOpts: pairsToMap(flags.list('opt')),
          Labels: pairsToMap(flags.list('label')),
        },
      },
    });
    writeLine(volume.Name);
    return exitCode.success;
  },
};
