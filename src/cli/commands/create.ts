import { atLeast, type Command } from '../command.ts';
import { bodyFromFlags, createContainer, failureOf } from '../create/container.ts';
import { createFlags } from '../create/flags.ts';
import { exitCode } from '../exit.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  args: atLeast(1),
  flags: createFlags,
  optionsFirst: true,
  async run(invocation) {
    const { args, flags, client, config } = invocation;
    const body = await bodyFromFlags(flags, args, client, await config()).catch((error) => {
      throw failureOf(error, 'create');
    });
    writeLine(await createContainer(invocation, body));
    return exitCode.success;
  },
};
