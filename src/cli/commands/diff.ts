import type { FilesystemChange } from '../../api/types/containers.ts';
import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { writeOut } from '../terminal/output.ts';

const letters = ['C', 'A', 'D'] as const;

export const command: Command = {
  usage: 'CONTAINER',
  args: exactly(1),
  flags: [],
  async run({ args: [container = ''], client }) {
    if (container === '') throw new ExitError('Container name cannot be empty');
    const changes = await client.json<FilesystemChange[] | null>('GET', `/containers/${container}/changes`);
    writeOut((changes ?? []).map(({ Kind, Path }) => `${letters[Kind]} ${Path}\n`).join(''));
    return exitCode.success;
  },
};
