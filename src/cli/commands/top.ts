import type { ContainerTop } from '../../api/types/containers.ts';
import { atLeast, type Command } from '../command.ts';
import { exitCode } from '../exit.ts';
import { layout } from '../format/table.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: 'CONTAINER [ps OPTIONS]',
  args: atLeast(1),
  optionsFirst: true,
  flags: [],
  async run({ args: [name = '', ...options], client }) {
    const top = await client.json<ContainerTop>('GET', `/containers/${name}/top`, {
      query: { ps_args: options.join(' ') },
    });
    writeOut(layout([top.Titles, ...(top.Processes ?? [])], 20, 3));
    return exitCode.success;
  },
};
