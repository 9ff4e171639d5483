import { type Command, noArguments } from '../command.ts';
import { reasonOf } from '../create/files.ts';
import { ExitError, exitCode } from '../exit.ts';
import { showProgress } from '../stream/progress.ts';
import { isTerminal } from '../terminal/libc.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'input', short: 'i', type: 'string', usage: 'Read from tar archive file, instead of STDIN' },
    {
      name: 'platform',
      type: 'string',
      usage: 'Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Suppress the load output' },
  ],
  async run({ flags, client }) {
    const path = flags.string('input');
    const stream = path === '' ? fromStandardInput() : await openFile(path);
    const quiet = flags.bool('quiet') || !isTerminal(1);
    const response = await client.request('POST', '/images/load', {
      query: { quiet, platform: flags.list('platform') },
      body: { stream, type: 'application/x-tar' },
    });
    await showProgress(response.body, { fd: 1 });
    return exitCode.success;
  },
};

function fromStandardInput(): AsyncIterable<Uint8Array> {
  if (isTerminal(0)) throw new ExitError('requested load from stdin, but stdin is empty');
  return Bun.stdin.stream();
}

export async function openFile(path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = Bun.file(path);
  try {
    await file.stat();
  } catch (error) {
    throw new ExitError(`open ${path}: ${reasonOf(error)}`);
  }
  return file.stream();
}
