import { type Command, exactly } from '../command.ts';
import { exitCode } from '../exit.ts';

export const command: Command = {
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  args: exactly(2),
  flags: [],
  async run({ args: [source = '', target = ''], client }) {
    const [, repo = target, tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/.exec(target) ?? [];
    await client.call('POST', `/images/${source}/tag`, { query: { repo, tag } });
    return exitCode.success;
  },
};
