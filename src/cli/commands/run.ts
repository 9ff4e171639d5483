import type { ContainerCreateBody, ContainerWait } from '../../api/types/containers.ts';
import { atLeast, type Command, type Invocation } from '../command.ts';
import { bodyFromFlags, createContainer, failureOf, PlainError } from '../create/container.ts';
import { runFlags } from '../create/flags.ts';
import { ExitError, exitCode } from '../exit.ts';
import type { Client } from '../http/client.ts';
import type { Connection } from '../http/connection.ts';
import { streamHijacked } from '../stream/hijack.ts';
import { followWindowSize, forwardSignals } from '../stream/signals.ts';
import { writeErr, writeLine, writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  args: atLeast(1),
  flags: runFlags,
  optionsFirst: true,
  async run(invocation) {
    try {
      return await run(invocation);
    } catch (error) {
      throw failureOf(error, 'run');
    }
  },
};

async function run(invocation: Invocation): Promise<number> {
  const { flags, client } = invocation;
  const body = await bodyFromFlags(flags, invocation.args, client, await invocation.config());
  if (flags.bool('explain')) return explain(client, body);
  const detached = flags.bool('detach');
  if (detached) detach(body, flags.list('attach'));
  else await prepareTerminal(body);
  const id = await createContainer(invocation, body);
  if (detached || !(body.AttachStdin || body.AttachStdout || body.AttachStderr))
    return startDetached(client, id);
  using _signals = flags.bool('sig-proxy') ? forwardSignals(client, id) : null;
  return await runAttached(invocation, id, body);
}

async function explain(client: Client, body: ContainerCreateBody): Promise<number> {
  writeOut(await client.text('POST', '/gantry/explain', { body: { json: body } }));
  return exitCode.success;
}

function detach(body: ContainerCreateBody, attach: readonly string[]): void {
  if (attach.length > 0)
    throw new PlainError('conflicting options: cannot specify both --attach and --detach');
  Object.assign(body, { AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false });
}

/** A container with a terminal needs one here as well, when our input goes to it; it starts with our window's size. */
async function prepareTerminal(body: ContainerCreateBody): Promise<void> {
  if (!body.Tty) return;
  const { isTerminal } = await import('../terminal/libc.ts');
  if (body.AttachStdin && !isTerminal(0)) throw new PlainError('the input device is not a TTY');
  const { terminalSize } = await import('../terminal/tty.ts');
  const size = terminalSize(1);
  if (size && body.HostConfig) body.HostConfig.ConsoleSize = [size.rows, size.columns];
}

async function startDetached(client: Client, id: string): Promise<number> {
  await client.call('POST', `/containers/${id}/start`);
  writeLine(id);
  return exitCode.success;
}

/** Attach and wait are both in place before the start, so that no output and no exit is missed. */
async function runAttached(invocation: Invocation, id: string, body: ContainerCreateBody): Promise<number> {
  const { flags, client } = invocation;
  const detachKeys = flags.string('detach-keys') || (await invocation.config()).detachKeys || '';
  const inPlace = Promise.all([
    attach(client, id, body, detachKeys),
    client.request('POST', `/containers/${id}/wait`, {
      query: { condition: flags.bool('rm') ? 'removed' : 'next-exit' },
    }),
  ]);
  client.expect(1);
  const [connection, wait] = await inPlace;
  using _connection = connection;
  await client.call('POST', `/containers/${id}/start`);
  const terminal = body.Tty === true && (await isOutputTerminal());
  using _size = terminal ? followWindowSize(client, `/containers/${id}`) : null;
  const end = await streamHijacked(connection, {
    stdin: body.AttachStdin === true,
    output: body.AttachStdout === true || body.AttachStderr === true,
    tty: body.Tty === true,
    detachKeys,
  });
  if (end === 'detached') return exitCode.success;
  if (!body.AttachStdout && !body.AttachStderr) {
    writeLine(id);
    return exitCode.success;
  }
  return await exitStatus(wait.body);
}

async function attach(
  client: Client,
  id: string,
  body: ContainerCreateBody,
  detachKeys: string,
): Promise<Connection> {
  const { connection } = await client.hijack(`/containers/${id}/attach`, {
    query: {
      stream: true,
      stdin: body.AttachStdin,
      stdout: body.AttachStdout,
      stderr: body.AttachStderr,
      detachKeys,
    },
  });
  return connection;
}

async function isOutputTerminal(): Promise<boolean> {
  const { isTerminal } = await import('../terminal/libc.ts');
  return isTerminal(1);
}

/** The container's exit code from the body of a wait. */
export async function exitStatus(body: AsyncIterable<Uint8Array>): Promise<number> {
  const { collect } = await import('../http/client.ts');
  const text = await collect(body);
  if (text.trim() === '')
    throw new ExitError('error waiting for container: the daemon closed the connection', exitCode.usage);
  const result = JSON.parse(text) as ContainerWait;
  if (result.Error?.Message) {
    writeErr(`Error waiting for container: ${result.Error.Message}\n`);
    return exitCode.usage;
  }
  return result.StatusCode;
}
