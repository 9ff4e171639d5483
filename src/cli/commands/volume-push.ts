import { parseReference } from '../../lib/reference.ts';
import { type Command, exactly, type Invocation } from '../command.ts';
import { registryAuth } from '../credentials/header.ts';
import { exitCode } from '../exit.ts';
import { showProgress } from '../stream/progress.ts';
import { writeLine } from '../terminal/output.ts';
import { volumePath } from './volume-path.ts';

export const command: Command = {
  usage: '[OPTIONS] VOLUME NAME[:TAG]',
  args: exactly(2),
  description: 'Upload a volume to a registry, as an OCI artifact with its labels as annotations',
  flags: [{ name: 'quiet', short: 'q', type: 'bool', usage: 'Suppress verbose output' }],
  run: (invocation) => transfer(invocation, 'push', invocation.args[0] ?? '', invocation.args[1] ?? ''),
};

export async function transfer(
  { flags, client, configDirectory }: Invocation,
  action: 'push' | 'pull',
  volume: string,
  reference: string,
): Promise<number> {
  const quiet = flags.bool('quiet');
  const response = await client.request('POST', volumePath(volume, `/${action}`), {
    query: { reference },
    headers: await registryAuth(configDirectory, parseReference(reference).domain),
  });
  await showProgress(response.body, { fd: 1, quiet });
  if (quiet || action === 'pull') writeLine(volume);
  return exitCode.success;
}
