import type { VolumeSnapshot } from '../../api/types/volumes.ts';
import { between, type Command, type Invocation } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { layout } from '../format/table.ts';
import { humanSize } from '../format/units.ts';
import { writeLine, writeOut } from '../terminal/output.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: 'VOLUME [NAME] | ls VOLUME | rm VOLUME NAME',
  args: between(1, 3),
  description:
    'Keep the files of a volume as they are now; volume restore brings them back\n\nWithout a name the time is the name. Where the file system can, snapshots share their blocks with the volume.',
  flags: [],
  async run({ args: [first = '', second, third], client }) {
    if (first === 'ls' && second !== undefined && third === undefined) await list(client, second);
    else if (first === 'rm' && second !== undefined && third !== undefined)
      await remove(client, second, third);
    else if (third === undefined) await take(client, first, second ?? '');
    else throw new ExitError('a snapshot has one name: gantry volume snapshot VOLUME [NAME]');
    return exitCode.success;
  },
};

type Client = Invocation['client'];

async function take(client: Client, volume: string, name: string): Promise<void> {
  const body = { json: { Name: name } };
  writeLine((await client.json<VolumeSnapshot>('POST', volumePath(volume, '/snapshots'), { body })).Name);
}

async function remove(client: Client, volume: string, name: string): Promise<void> {
  await client.call('DELETE', volumePath(volume, `/snapshots/${encodeURIComponent(name)}`));
  writeLine(name);
}

async function list(client: Client, volume: string): Promise<void> {
  const snapshots = await client.json<VolumeSnapshot[]>('GET', volumePath(volume, '/snapshots'));
  const rows = snapshots.map(({ Name, CreatedAt, Size }) => [Name, CreatedAt, humanSize(Size)]);
  writeOut(layout([['SNAPSHOT', 'CREATED', 'SIZE'], ...rows]));
}
