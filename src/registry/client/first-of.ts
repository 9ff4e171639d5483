import { internal } from '../../lib/errors.ts';
import type { Host } from './host.ts';

/**
 * The first host that answers. Whatever goes wrong with one, the next is asked; only the last is tried more than once, so that a dead
 * mirror costs no waiting.
 */
export async function firstOf<T>(
  hosts: readonly Host[],
  signal: AbortSignal,
  use: (host: Host) => Promise<T>,
): Promise<T> {
  const last = hosts.at(-1);
  if (last === undefined) throw internal('no host of the registry is allowed to do that');
  for (const host of hosts.slice(0, -1).filter(({ isAvoided }) => !isAvoided))
    try {
      return await use(host);
    } catch (error) {
      signal.throwIfAborted();
      host.avoidAfter(error);
    }
  return last.attempts(signal).run(() => use(last));
}
