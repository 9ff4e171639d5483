import { atLeast, type Command } from '../command.ts';
import { exitCode } from '../exit.ts';
import { checkFolder, refuseTerminal, writeTo } from '../stream/output-file.ts';

export const command: Command = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: atLeast(1),
  flags: [
    { name: 'output', short: 'o', type: 'string', usage: 'Write to a file, instead of STDOUT' },
    {
      name: 'platform',
      type: 'string',
      usage: 'Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
  ],
  async run({ args, flags, client }) {
    const path = flags.string('output');
    refuseTerminal(path);
    if (path !== '') checkFolder(path, 'failed to save image');
    const { body } = await client.request('GET', '/images/get', {
      query: { names: args, platform: flags.list('platform') },
    });
    await writeTo(path, body);
    return exitCode.success;
  },
};
