import { atLeast, type Command } from '../command.ts';
import { exitCode } from '../exit.ts';
import type { Body, Query } from '../http/client.ts';
import { showProgress } from '../stream/progress.ts';
import { openFile } from './load.ts';

export const command: Command = {
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  args: atLeast(1),
  flags: [
    { name: 'change', short: 'c', type: 'list', usage: 'Apply Dockerfile instruction to the created image' },
    { name: 'message', short: 'm', type: 'string', usage: 'Set commit message for imported image' },
    { name: 'platform', type: 'string', usage: 'Set platform if server is multi-platform capable' },
  ],
  async run({ args: [source = '', repo], flags, client }) {
    const query: Query = {
      fromSrc: isUrl(source) ? source : '-',
      repo,
      message: flags.string('message'),
      changes: flags.list('change'),
      platform: flags.string('platform'),
    };
    const body: Body | undefined = isUrl(source)
      ? undefined
      : { stream: source === '-' ? Bun.stdin.stream() : await openFile(source), type: 'application/x-tar' };
    const response = await client.request('POST', '/images/create', { query, ...(body ? { body } : {}) });
    await showProgress(response.body, { fd: 1 });
    return exitCode.success;
  },
};

function isUrl(source: string): boolean {
  return /^https?:\/\//.test(source);
}
