/** Signals that arrive at the client and belong to the container, and changes of the window's size. */
import { messageOf } from '../../lib/errors.ts';
import type { Client } from '../http/client.ts';
import { writeErr } from '../terminal/output.ts';

const forwarded = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGCONT',
  'SIGTSTP',
] as const;

/** Sends every signal on to the container until disposed. A container that is not running ignores them. */
export function forwardSignals(client: Client, id: string): Disposable {
  const handlers = forwarded.map((signal) => {
    const handler = () => {
      client
        .call('POST', `/containers/${id}/kill`, { query: { signal: signal.slice(3) } })
        .catch(() => undefined);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return {
    [Symbol.dispose]() {
      for (const { signal, handler } of handlers) process.off(signal, handler);
    },
  };
}

/** Tells the daemon the terminal's size now and whenever it changes. `path` is `/containers/ID` or `/exec/ID`. */
export async function followWindowSize(client: Client, path: string): Promise<Disposable> {
  const { terminalSize } = await import('../terminal/tty.ts');
  const resize = async () => {
    const size = terminalSize(1);
    if (!size || (size.rows === 0 && size.columns === 0)) return;
    await client.call('POST', `${path}/resize`, { query: { h: size.rows, w: size.columns } });
  };
  const handler = () => {
    resize().catch(() => undefined);
  };
  process.on('SIGWINCH', handler);
  await resize().catch((error) => writeErr(`failed to resize tty: ${messageOf(error)}\n`));
  return {
    [Symbol.dispose]() {
      process.off('SIGWINCH', handler);
    },
  };
}
