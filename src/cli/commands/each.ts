/** Commands that do one thing to every object named: all are tried, each success is printed, each error shown. */
import { messageOf } from '../../lib/errors.ts';
import { ExitError, exitCode } from '../exit.ts';
import { writeErr, writeLine } from '../terminal/output.ts';

/** `act` returns the line to print, or null for none. Objects are handled side by side, and reported in order. */
export async function forEach(
  names: readonly string[],
  act: (name: string) => Promise<string | null>,
  atOnce = 50,
): Promise<number> {
  let failed = false;
  for (let start = 0; start < names.length; start += atOnce) {
    const batch = names.slice(start, start + atOnce).map((name) => act(name));
    for (const settled of await Promise.allSettled(batch)) {
      if (settled.status === 'fulfilled') {
        if (settled.value !== null) writeLine(settled.value);
        continue;
      }
      failed = true;
      if (settled.reason instanceof ExitError) throw settled.reason;
      writeErr(`${messageOf(settled.reason)}\n`);
    }
  }
  return failed ? exitCode.failure : exitCode.success;
}
