import type { ContainerInspect } from '../../api/types/containers.ts';
import { type Command, exactly } from '../command.ts';
import { ExitError } from '../exit.ts';
import { streamHijacked } from '../stream/hijack.ts';
import { followWindowSize, forwardSignals } from '../stream/signals.ts';
import { isTerminal } from '../terminal/libc.ts';
import { exitStatus } from './run.ts';

export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  args: exactly(1),
  flags: [
    { name: 'detach-keys', type: 'string', usage: 'Override the key sequence for detaching a container' },
    { name: 'no-stdin', type: 'bool', usage: 'Do not attach STDIN' },
    { name: 'sig-proxy', type: 'bool', usage: 'Proxy all received signals to the process', default: 'true' },
  ],
  async run({ args: [name = ''], flags, client, config }) {
    const container = await client.json<ContainerInspect>('GET', `/containers/${name}/json`);
    checkState(container);
    const tty = container.Config.Tty;
    const stdin = !flags.bool('no-stdin') && container.Config.OpenStdin;
    if (stdin && tty && !isTerminal(0)) throw new ExitError('the input device is not a TTY');
    const detachKeys = flags.string('detach-keys') || (await config()).detachKeys || '';
    const wait = await client.request('POST', `/containers/${container.Id}/wait`);
    const { connection } = await client.hijack(`/containers/${container.Id}/attach`, {
      query: { stream: true, stdin, stdout: true, stderr: true, detachKeys },
    });
    using _connection = connection;
    using _signals = flags.bool('sig-proxy') && !tty ? forwardSignals(client, container.Id) : null;
    using size = tty && isTerminal(1) ? followWindowSize(client, `/containers/${container.Id}`) : null;
    await size?.resize();
    const end = await streamHijacked(connection, { stdin, output: true, tty, detachKeys });
    if (end === 'detached') throw new ExitError('read escape sequence');
    return await exitStatus(wait.body);
  },
};

function checkState({ State: state }: ContainerInspect): void {
  if (!state.Running) throw new ExitError('cannot attach to a stopped container, start it first');
  if (state.Paused) throw new ExitError('cannot attach to a paused container, unpause it first');
  if (state.Restarting)
    throw new ExitError('cannot attach to a restarting container, wait until it is running');
}
