/** Signals that arrive at the client and belong to the container, and changes of the window's size. */
import { messageOf } from '../../lib/errors.ts';
import type { Client } from '../http/client.ts';
import { writeErr } from '../terminal/output.ts';
import { terminalSize } from '../terminal/tty.ts';

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

export interface WindowSize extends Disposable {
  /** Sends the size of now: for what was not started with it. */
  resize(): Promise<void>;
}

/** Tells the daemon the terminal's size whenever it changes. `path` is `/containers/ID` or `/exec/ID`. */
export function followWindowSize(client: Client, path: string): WindowSize {
  const resize = async () => {
    const size = terminalSize(1);
    if (!size || (size.rows === 0 && size.columns === 0)) return;
    await client.call('POST', `${path}/resize`, { query: { h: size.rows, w: size.columns } });
  };
  const handler = () => {
    // What has ended meanwhile needs no size.
    resize().catch(() => undefined);
  };
  process.on('SIGWINCH', handler);
  return {
    resize: () => resize().catch((error) => writeErr(`failed to resize tty: ${messageOf(error)}\n`)),
    [Symbol.dispose]() {
      process.off('SIGWINCH', handler);
    },
  };
}
