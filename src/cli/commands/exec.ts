import type { ExecCreateBody, ExecInspect } from '../../api/types/exec.ts';
import { atLeast, type Command, type Invocation } from '../command.ts';
import { readEnvironment } from '../create/files.ts';
import { checkEnv } from '../create/validators.ts';
import { ExitError, exitCode } from '../exit.ts';
import { streamHijacked } from '../stream/hijack.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  args: atLeast(2),
  optionsFirst: true,
  flags: [
    { name: 'detach', short: 'd', type: 'bool', usage: 'Detached mode: run command in the background' },
    { name: 'detach-keys', type: 'string', usage: 'Override the key sequence for detaching a container' },
    { name: 'env', short: 'e', type: 'list', usage: 'Set environment variables', check: checkEnv },
    { name: 'env-file', type: 'list', usage: 'Read in a file of environment variables' },
    { name: 'interactive', short: 'i', type: 'bool', usage: 'Keep STDIN open even if not attached' },
    { name: 'privileged', type: 'bool', usage: 'Give extended privileges to the command' },
    { name: 'tty', short: 't', type: 'bool', usage: 'Allocate a pseudo-TTY' },
    {
      name: 'user',
      short: 'u',
      type: 'string',
      usage: 'Username or UID (format: "<name|uid>[:<group|gid>]")',
    },
    { name: 'workdir', short: 'w', type: 'string', usage: 'Working directory inside the container' },
  ],
  async run(invocation) {
    const [container = ''] = invocation.args;
    const { client } = invocation;
    const body = await execBody(invocation);
    const { Id: id } = await client.json<{ Id: string }>('POST', `/containers/${container}/exec`, {
      body: { json: body },
    });
    if (!invocation.flags.bool('detach')) return runAttached(invocation, id, body);
    await client.call('POST', `/exec/${id}/start`, { body: { json: { Detach: true, Tty: body.Tty } } });
    return exitCode.success;
  },
};

async function execBody({ args, flags, config }: Invocation): Promise<ExecCreateBody> {
  const [, ...Cmd] = args;
  const attached = !flags.bool('detach');
  const body: ExecCreateBody = {
    Cmd,
    Tty: flags.bool('tty'),
    AttachStdin: attached && flags.bool('interactive'),
    AttachStdout: attached,
    AttachStderr: attached,
  };
  if (flags.bool('privileged')) body.Privileged = true;
  if (flags.string('user')) body.User = flags.string('user');
  if (flags.string('workdir')) body.WorkingDir = flags.string('workdir');
  const env = await readEnvironment(flags.list('env-file'), flags.list('env'));
  if (env.length > 0) body.Env = env;
  const detachKeys = flags.string('detach-keys') || (await config()).detachKeys;
  if (detachKeys) body.DetachKeys = detachKeys;
  if (attached && body.Tty) await addTerminal(body);
  return body;
}

async function addTerminal(body: ExecCreateBody): Promise<void> {
  const { isTerminal } = await import('../terminal/libc.ts');
  if (body.AttachStdin && !isTerminal(0)) throw new ExitError('the input device is not a TTY');
  const { terminalSize } = await import('../terminal/tty.ts');
  const size = terminalSize(1);
  if (size) body.ConsoleSize = [size.rows, size.columns];
}

async function runAttached({ client }: Invocation, id: string, body: ExecCreateBody): Promise<number> {
  const tty = body.Tty === true;
  const hijack = client.hijack(`/exec/${id}/start`, {
    body: {
      json: { Detach: false, Tty: tty, ...(body.ConsoleSize ? { ConsoleSize: body.ConsoleSize } : {}) },
    },
  });
  client.expect(1);
  const { connection } = await hijack;
  using _connection = connection;
  using _size = tty ? await followSize(client, id) : null;
  const end = await streamHijacked(connection, {
    stdin: body.AttachStdin === true,
    output: true,
    tty,
    detachKeys: body.DetachKeys ?? '',
  });
  if (end === 'detached') throw new ExitError('read escape sequence');
  const result = await client.json<ExecInspect>('GET', `/exec/${id}/json`);
  return result.ExitCode ?? exitCode.success;
}

async function followSize(client: Invocation['client'], id: string): Promise<Disposable | null> {
  const { isTerminal } = await import('../terminal/libc.ts');
  if (!isTerminal(1)) return null;
  const { followWindowSize } = await import('../stream/signals.ts');
  return followWindowSize(client, `/exec/${id}`);
}
