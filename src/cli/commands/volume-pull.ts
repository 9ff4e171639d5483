import { type Command, exactly } from '../command.ts';
import { transfer } from './volume-push.ts';

export const command: Command = {
  usage: '[OPTIONS] NAME[:TAG|@DIGEST] VOLUME',
  args: exactly(2),
  description:
    'Download a volume from a registry\n\nThe volume is made with the labels it was pushed with; it may also be there already, and empty.',
  flags: [{ name: 'quiet', short: 'q', type: 'bool', usage: 'Suppress verbose output' }],
  run: (invocation) => transfer(invocation, 'pull', invocation.args[1] ?? '', invocation.args[0] ?? ''),
};
