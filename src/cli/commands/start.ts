import type { ContainerInspect } from '../../api/types/containers.ts';
import { messageOf } from '../../lib/errors.ts';
import { atLeast, type Command, type Invocation } from '../command.ts';
import { ExitError, exitCode, startFailureCode } from '../exit.ts';
import { streamHijacked } from '../stream/hijack.ts';
import { followWindowSize, forwardSignals } from '../stream/signals.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeErr, writeLine } from '../terminal/output.ts';
import { exitStatus } from './run.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: atLeast(1),
  flags: [
    { name: 'attach', short: 'a', type: 'bool', usage: 'Attach STDOUT/STDERR and forward signals' },
    { name: 'checkpoint', type: 'string', usage: 'Restore from this checkpoint' },
    { name: 'checkpoint-dir', type: 'string', usage: 'Use a custom checkpoint storage directory' },
    { name: 'detach-keys', type: 'string', usage: 'Override the key sequence for detaching a container' },
    { name: 'interactive', short: 'i', type: 'bool', usage: "Attach container's STDIN" },
  ],
  async run(invocation) {
    const { args, flags } = invocation;
    if (!flags.bool('attach') && !flags.bool('interactive')) return startAll(invocation);
    const [name = '', ...more] = args;
    if (more.length > 0) throw new ExitError('you cannot start and attach multiple containers at once');
    return startAttached(invocation, name);
  },
};

async function startAll({ args, flags, client }: Invocation): Promise<number> {
  const failed: string[] = [];
  const query = { checkpoint: flags.string('checkpoint'), 'checkpoint-dir': flags.string('checkpoint-dir') };
  for (const name of args) {
    try {
      await client.call('POST', `/containers/${name}/start`, { query });
      writeLine(name);
    } catch (error) {
      writeErr(`${messageOf(error)}\n`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new ExitError(`Error: failed to start containers: ${failed.join(', ')}`);
  return exitCode.success;
}

async function startAttached({ flags, client, config }: Invocation, name: string): Promise<number> {
  const container = await client.json<ContainerInspect>('GET', `/containers/${name}/json`);
  const tty = container.Config.Tty;
  const stdin = flags.bool('interactive') && container.Config.OpenStdin;
  const detachKeys = flags.string('detach-keys') || (await config()).detachKeys || '';
  const [{ connection }, wait] = await Promise.all([
    client.hijack(`/containers/${container.Id}/attach`, {
      query: { stream: true, stdin, stdout: true, stderr: true, detachKeys },
    }),
    client.request('POST', `/containers/${container.Id}/wait`, {
      query: { condition: container.HostConfig.AutoRemove ? 'removed' : 'next-exit' },
    }),
  ]);
  using _connection = connection;
  using _signals = tty ? null : forwardSignals(client, container.Id);
  try {
    await client.call('POST', `/containers/${container.Id}/start`);
  } catch (error) {
    throw new ExitError(messageOf(error), startFailureCode(messageOf(error)));
  }
  using size = tty && isTerminal(1) ? followWindowSize(client, `/containers/${container.Id}`) : null;
  await size?.resize();
  const end = await streamHijacked(connection, { stdin, output: true, tty, detachKeys });
  return end === 'detached' ? exitCode.success : await exitStatus(wait.body);
}
