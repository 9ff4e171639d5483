import { atLeast, type Command } from '../command.ts';
import { shortTemplateFlag } from '../flags/common.ts';
import { platformJson } from '../flags/platform.ts';
import { inspectAll } from '../format/inspect.ts';

export const command: Command = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: atLeast(1),
  flags: [
    shortTemplateFlag,
    {
      name: 'platform',
      type: 'string',
      usage:
        "Inspect a specific platform of the multi-platform image.\nIf the image or the server is not multi-platform capable, the command will error out if the platform does not match.\n'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
    },
  ],
  run({ args, flags, client }) {
    const query = { platform: platformJson(flags.string('platform')) };
    return inspectAll(args, flags.string('format'), (name) =>
      client.text('GET', `/images/${name}/json`, { query }),
    );
  },
};
